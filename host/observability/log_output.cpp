#include "observability/log_output.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <limits>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::observability {
namespace {

constexpr int kPollSliceMs = 100;

bool is_regular_file(int descriptor) {
    struct stat status {};
    return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

LogOutput::LogOutput(int descriptor)
    : descriptor_(descriptor),
      takes_whole_writes_(is_regular_file(descriptor)),
      give_up_at_(std::numeric_limits<std::chrono::steady_clock::rep>::max()) {}

bool LogOutput::write(std::string_view lines) noexcept {
    const std::lock_guard lock(mutex_);
    while (!lines.empty()) {
        if (!takes_whole_writes_ && !wait_writable()) {
            return false;
        }
        // A pipe that polls writable takes PIPE_BUF bytes without blocking, and no more for certain: a blocked write
        // could not be given up at shutdown.
        const std::size_t piece = takes_whole_writes_ ? lines.size() : std::min<std::size_t>(lines.size(), PIPE_BUF);
        const ssize_t written = ::write(descriptor_, lines.data(), piece);
        if (written >= 0) {
            lines.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR && errno != EAGAIN) {
            return false;
        }
    }
    return true;
}

void LogOutput::give_up_at(std::chrono::steady_clock::time_point time) noexcept {
    give_up_at_.store(time.time_since_epoch().count(), std::memory_order_relaxed);
}

bool LogOutput::wait_writable() const noexcept {
    for (;;) {
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        const bool is_over = now >= give_up_at_.load(std::memory_order_relaxed);
        pollfd entry{descriptor_, POLLOUT, 0};
        const int ready = ::poll(&entry, 1, is_over ? 0 : kPollSliceMs);
        if (ready > 0) {
            return true;
        }
        if (is_over || (ready < 0 && errno != EINTR)) {
            return false;
        }
    }
}

}  // namespace sluice::observability
