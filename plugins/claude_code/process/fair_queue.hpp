// Who waits for a process, in a fair order.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "process/process_pool.hpp"

namespace sluice::claude_code {

struct WaitingSeeker {
    ProcessNeed need;
    ProcessSeeker* seeker;
    std::chrono::nanoseconds since;
    bool is_preferred = false;
};

// Round robin over owners, first come first served within an owner; preferred ones before all others.
class FairQueue {
public:
    void push(WaitingSeeker waiting);
    // Who comes next, and after that. Pointers are valid until the next change.
    std::vector<const WaitingSeeker*> in_order() const;
    // A place was freed for it.
    void prefer(const ProcessSeeker& seeker) noexcept;
    // The seeker is served: its owner comes last now.
    void take(const ProcessSeeker& seeker);
    // The seeker leaves; the order of the owners stays. False: it does not wait.
    bool remove(const ProcessSeeker& seeker);
    // Null: it does not wait.
    const WaitingSeeker* find(const ProcessSeeker& seeker) const noexcept;
    std::size_t count() const noexcept;

private:
    struct Line {
        std::string owner;
        std::deque<WaitingSeeker> seekers;
    };
    // The line ends where there is none.
    std::deque<Line>::iterator line_of(const ProcessSeeker& seeker) noexcept;

    std::deque<Line> lines_;
};

}  // namespace sluice::claude_code
