/*
 * Stands between the gateway and a program it starts: main PARENT PROGRAM ARGUMENT0 [ARGUMENT...]
 *
 * Makes sure that the program does not outlive the process PARENT, gains no privileges, leaves no core dump and
 * inherits nothing but its three standard descriptors; then becomes the program. If that fails it writes one line
 * "sluice-launcher STEP ERRNO" to its standard error and exits with 127.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kFailed = 127, kMaxDescriptors = 4096 };

static void fail(const char* step, int error) {
    dprintf(STDERR_FILENO, "sluice-launcher %s %d\n", step, error);
    _exit(kFailed);
}

/* First the signal, then the look: a parent that ends in between is noticed by one of them. */
static void die_with_parent(long parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("parent", errno);
    if (getppid() != parent) fail("parent", ESRCH);
}

static void limit(int resource, rlim_t most) {
    struct rlimit limits;
    if (getrlimit(resource, &limits) != 0) fail("limits", errno);
    if (limits.rlim_max > most) limits.rlim_max = most;
    if (limits.rlim_cur > limits.rlim_max) limits.rlim_cur = limits.rlim_max;
    if (setrlimit(resource, &limits) != 0) fail("limits", errno);
}

/* posix_spawn() leaves the C library's own two signals ignored, and sigaction() does not touch them. */
static void restore_signals(void) {
    const unsigned long default_action[8] = {0}; /* the kernel's struct sigaction is smaller */
    for (long signal = 1; signal < _NSIG; ++signal) {
        syscall(SYS_rt_sigaction, signal, default_action, NULL, _NSIG / 8);
    }
}

int main(int count, char** arguments, char** environment) {
    if (count < 4) fail("arguments", EINVAL);
    die_with_parent(strtol(arguments[1], NULL, 10));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("privileges", errno);
    restore_signals();
    /* The gateway asks for as many descriptors as it can get, which slows programs that go through all of them. A core
     * dump would hold keys and prompts. */
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, kMaxDescriptors);
    umask(S_IRWXG | S_IRWXO);
    if (close_range(STDERR_FILENO + 1, UINT_MAX, 0) != 0) fail("descriptors", errno);
    execve(arguments[2], arguments + 3, environment);
    fail("program", errno);
}
