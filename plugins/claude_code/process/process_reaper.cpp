#include "process/process_reaper.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace sluice::claude_code {
namespace {

constexpr std::chrono::milliseconds kPatience{5000};

bool has_exited(int pidfd, std::chrono::milliseconds patience) noexcept {
    pollfd polled{pidfd, POLLIN, 0};
    return ::poll(&polled, 1, static_cast<int>(patience.count())) > 0;
}

void reap(int pidfd) noexcept {
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);
}

}  // namespace

ProcessReaper::~ProcessReaper() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (const Orphan& orphan : orphans_) {
        const auto left = end - std::chrono::steady_clock::now();
        const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(left);
        has_exited(orphan.pidfd.number(), std::max(patience, std::chrono::milliseconds(0)));
        reap(orphan.pidfd.number());
    }
}

void ProcessReaper::adopt(Descriptor pidfd) noexcept {
    try {
        Orphan& orphan = orphans_.emplace_back(*this);
        orphan.pidfd = std::move(pidfd);
        // One that cannot be watched is left to the destructor.
        if (!is_closed_) orphan.watch = home_.watch<&Orphan::on_exit>(orphan.pidfd.number(), SLUICE_READABLE, &orphan);
    } catch (const std::bad_alloc&) {
        has_exited(pidfd.number(), kPatience);
        reap(pidfd.number());
    }
}

void ProcessReaper::close() noexcept {
    is_closed_ = true;
    for (Orphan& orphan : orphans_) orphan.watch.reset();
}

void ProcessReaper::Orphan::on_exit(std::uint32_t) noexcept {
    reap(pidfd.number());
    reaper.orphans_.remove_if([this](const Orphan& each) { return &each == this; });
}

}  // namespace sluice::claude_code
