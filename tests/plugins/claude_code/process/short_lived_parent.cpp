// Starts a program, says its process id on its standard output, and waits to be killed.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "process/launcher.hpp"

int main() {
    const sluice::claude_code::Launcher launcher;
    int ends[2];
    if (pipe(ends) != 0) return 1;
    const sluice::claude_code::ProgramCall call{"/bin/sleep", {"sleep", "60"}, {}, "/"};
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    std::printf("%ld\n", static_cast<long>(launcher.spawn(call, {ends[0], null, null})));
    std::fflush(stdout);
    pause();
}
