#include "app/trial_lines.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "plugin/trial_process.hpp"

namespace sluice::app {

std::string read_trial_request() {
    std::string request;
    std::array<char, 65536> piece;
    for (;;) {
        const ssize_t count = read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        request.append(piece.data(), static_cast<std::size_t>(count));
    }
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    if (nothing > STDIN_FILENO) close(nothing);
    return request;
}

void write_trial_report(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(plugin::kTrialReportDescriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) _exit(1);
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace sluice::app
