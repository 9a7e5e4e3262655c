// Waits for killed processes that have no owner any more.
#pragma once

#include <sluice/cpp/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <list>

#include "process/descriptor.hpp"

namespace sluice::claude_code {

// Keeps a killed process from staying a zombie without anybody blocking for it. Of one instance, for its whole life.
class ProcessReaper {
public:
    explicit ProcessReaper(Loop home) noexcept : home_(home) {}
    ProcessReaper(const ProcessReaper&) = delete;
    ProcessReaper& operator=(const ProcessReaper&) = delete;
    // Waits for those that are left, which were killed, 5 s at most; one that hangs in the kernel longer stays a zombie
    // until the gateway ends. May block, so not on a loop's thread; after close().
    ~ProcessReaper();

    // Takes the process behind `pidfd`, which was sent SIGKILL and is not watched. [home-loop]
    void adopt(Descriptor pidfd) noexcept;
    // Watches nothing from now on; what is adopted later is left to the destructor. [home-loop]
    void close() noexcept;
    // How many have not ended yet. [home-loop]
    std::size_t size() const noexcept { return orphans_.size(); }

private:
    struct Orphan {
        explicit Orphan(ProcessReaper& owner) noexcept : reaper(owner) {}
        ProcessReaper& reaper;
        Descriptor pidfd;
        Watch watch;
        void on_exit(std::uint32_t readiness) noexcept;
    };

    const Loop home_;
    bool is_closed_ = false;
    std::list<Orphan> orphans_;
};

}  // namespace sluice::claude_code
