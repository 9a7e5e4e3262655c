#include "process/launcher.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <span>
#include <system_error>

#include "process/launcher_image.hpp"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace sluice::claude_code {
namespace {

constexpr int kLauncherFailed = 127;
constexpr std::string_view kFailurePrefix = "sluice-launcher ";

Descriptor memory_file() {
    constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    // Said explicitly, because vm.memfd_noexec may have it otherwise; kernels before 6.3 do not know the flag.
    int made = memfd_create("sluice-launcher", kFlags | MFD_EXEC);
    if (made < 0 && errno == EINVAL) made = memfd_create("sluice-launcher", kFlags);
    return Descriptor(made);
}

bool write_all(int file, std::span<const unsigned char> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

struct FileActions {
    FileActions(const StandardDescriptors& descriptors, const std::string& folder) {
        posix_spawn_file_actions_init(&actions);
        failed |= posix_spawn_file_actions_adddup2(&actions, descriptors.input, STDIN_FILENO);
        failed |= posix_spawn_file_actions_adddup2(&actions, descriptors.output, STDOUT_FILENO);
        failed |= posix_spawn_file_actions_adddup2(&actions, descriptors.error, STDERR_FILENO);
        failed |= posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    ~FileActions() { posix_spawn_file_actions_destroy(&actions); }

    posix_spawn_file_actions_t actions;
    int failed = 0;
};

struct Attributes {
    Attributes() {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        // A session of its own: a terminal's ^C reaches the gateway, which stops its processes in its own order.
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { posix_spawnattr_destroy(&attributes); }

    posix_spawnattr_t attributes;
};

}  // namespace

Launcher::Launcher() : file_(memory_file()), path_("/proc/self/fd/" + std::to_string(file_.number())) {
    constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (!file_ || !write_all(file_.number(), launcher_image()) || fcntl(file_.number(), F_ADD_SEALS, kSeals) != 0) {
        throw std::system_error(errno, std::generic_category(), "cannot put the launcher of programs into memory");
    }
}

// The file is closed on exec, and still found: the path is followed before that. All other descriptors of this process
// that lack the flag are closed by the launcher; closing them here would take the launcher's own with them.
pid_t Launcher::spawn(const ProgramCall& call, const StandardDescriptors& descriptors) const {
    std::vector<std::string> arguments{"sluice-launcher", std::to_string(getpid()), call.program};
    arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
    const std::vector<char*> argument_list = pointers(arguments);
    const std::vector<char*> environment_list = pointers(call.environment);
    const FileActions files(descriptors, call.working_directory);
    const Attributes attributes;
    if (files.failed != 0) return -ENOMEM;
    pid_t started = -1;
    const int error = posix_spawn(&started, path_.c_str(), &files.actions, &attributes.attributes, argument_list.data(),
                                  environment_list.data());
    return error != 0 ? -error : started;
}

std::optional<LaunchFailure> Launcher::failure_of(int exit_code, std::string_view error_output) {
    if (exit_code != kLauncherFailed || !error_output.starts_with(kFailurePrefix)) return std::nullopt;
    error_output.remove_prefix(kFailurePrefix.size());
    const std::size_t blank = error_output.find(' ');
    if (blank == std::string_view::npos || !error_output.ends_with('\n')) return std::nullopt;
    LaunchFailure failure{error_output.substr(0, blank), 0};
    const char* const last = error_output.data() + error_output.size() - 1;
    const auto [end, problem] = std::from_chars(error_output.data() + blank + 1, last, failure.error);
    if (problem != std::errc() || end != last) return std::nullopt;
    return failure;
}

}  // namespace sluice::claude_code
