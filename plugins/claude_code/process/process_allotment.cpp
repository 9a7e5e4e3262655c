#include "process/process_allotment.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sluice::claude_code {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A process that ends is gone in no time, a turn takes seconds.
constexpr milliseconds kRetrySoon{1000};
constexpr milliseconds kRetryLater{5000};

}  // namespace

bool is_worn_out(const PooledProcess& one, const PoolLimits& limits) noexcept {
    const std::uint64_t most = limits.max_process_memory_bytes;
    return one.process->turns() >= limits.max_turns_per_process || (most != 0 && one.process->resident_bytes() > most);
}

ProcessAllotment::ProcessAllotment(Clock clock, const PoolLimits& limits, ProcessTable& table)
    : clock_(clock), limits_(limits), table_(table) {}

void ProcessAllotment::add(ProcessNeed need, ProcessSeeker& seeker) {
    queue_.push({std::move(need), &seeker, clock_.monotonic()});
}

bool ProcessAllotment::remove(const ProcessSeeker& seeker) noexcept {
    table_.forget(seeker);
    return queue_.remove(seeker);
}

bool ProcessAllotment::serve_one() {
    std::size_t freeing = table_.count_unpromised();
    for (const WaitingSeeker* waiting : queue_.in_order()) {
        if (try_serve(*waiting, freeing)) return true;
    }
    return false;
}

void ProcessAllotment::has_ended(const PooledProcess& one) noexcept {
    if (one.freed_for != nullptr) queue_.prefer(*one.freed_for);
}

void ProcessAllotment::refuse_late() {
    const nanoseconds latest = clock_.monotonic() - limits_.queue_timeout;
    std::vector<ProcessSeeker*> late;
    for (const WaitingSeeker* waiting : queue_.in_order()) {
        if (waiting->since <= latest) late.push_back(waiting->seeker);
    }
    // One may give up inside what another is told.
    for (ProcessSeeker* seeker : late) {
        if (const WaitingSeeker* const waiting = queue_.find(*seeker)) refuse(*seeker, too_full_for(*waiting));
    }
}

void ProcessAllotment::refuse_all(const Error& error) {
    while (queue_.count() > 0) refuse(*queue_.in_order().front()->seeker, error);
}

std::optional<nanoseconds> ProcessAllotment::next_deadline() const {
    std::optional<nanoseconds> first;
    for (const WaitingSeeker* waiting : queue_.in_order()) {
        const nanoseconds due = waiting->since + limits_.queue_timeout;
        first = first ? std::min(*first, due) : due;
    }
    return first;
}

// True: the seeker was told. `freeing`: how many of the processes that end free a place nobody waits for yet.
bool ProcessAllotment::try_serve(const WaitingSeeker& waiting, std::size_t& freeing) {
    ProcessSeeker& seeker = *waiting.seeker;
    const ProcessNeed& need = waiting.need;
    if (PooledProcess* const usable = usable_for(need)) return hand_out(*usable, seeker), true;
    if (PooledProcess* const own = table_.of_session(need.session_id)) {
        wait_for_end(*own, seeker, freeing);
        return false;
    }
    if (table_.size() < limits_.max_processes) {
        if (waits_for_memory(waiting)) return false;
        return hand_out_new(need, seeker), true;
    }
    if (!may_wait() || table_.is_promised_to(seeker)) return false;
    if (freeing > 0) return --freeing, false;
    evict_for(seeker, table_.to_evict(need.model, true));
    return false;
}

// Null: none that is there can be used.
PooledProcess* ProcessAllotment::usable_for(const ProcessNeed& need) const noexcept {
    if (need.session_id.empty()) return table_.fresh_of(need.model, clock_.monotonic() - kHopefulTime);
    PooledProcess* const own = table_.of_session(need.session_id);
    return own != nullptr && fits(*own, need) ? own : nullptr;
}

bool ProcessAllotment::fits(const PooledProcess& one, const ProcessNeed& need) const noexcept {
    if (!one.is_sound()) return false;
    // Its turn goes on with what it was told at first.
    if (one.state == ProcessState::kParked) return true;
    const CliProcess& process = *one.process;
    return one.state == ProcessState::kIdle && one.is_of(need.model) &&
           (!process.is_set_up || process.setup == need.setup) && !is_worn_out(one, limits_);
}

// From here on the process's user hears of it, and nobody here.
void ProcessAllotment::hand_out(PooledProcess& one, ProcessSeeker& seeker) {
    queue_.take(seeker);
    table_.forget(seeker);
    table_.enter(one, ProcessState::kActive);
    one.process->attach(nullptr);
    seeker.on_process(*one.process);
}

void ProcessAllotment::hand_out_new(const ProcessNeed& need, ProcessSeeker& seeker) {
    if (PooledProcess* const made = table_.start(need.model, need.session_id)) return hand_out(*made, seeker);
    refuse(seeker, Error("backend_unavailable", "Claude Code could not be started."));
}

// The program does not lock the file of its session: a second one must not run before the first one has ended.
void ProcessAllotment::wait_for_end(PooledProcess& own, ProcessSeeker& seeker, std::size_t& freeing) noexcept {
    if (own.state == ProcessState::kIdle || own.state == ProcessState::kParked) return evict_for(seeker, &own);
    if (own.state == ProcessState::kStopping && own.freed_for == nullptr && freeing > 0) --freeing;
}

void ProcessAllotment::evict_for(const ProcessSeeker& seeker, PooledProcess* one) noexcept {
    if (one == nullptr) return;
    one->freed_for = &seeker;
    table_.stop(*one);
}

// While too much memory is in use, each one that starts lets one that is not at work go first.
bool ProcessAllotment::waits_for_memory(const WaitingSeeker& waiting) noexcept {
    const std::uint64_t most = limits_.max_memory_bytes;
    if (most == 0 || waiting.is_preferred || !may_wait()) return false;
    if (table_.is_promised_to(*waiting.seeker)) return true;
    if (table_.kept_bytes() <= most) return false;
    PooledProcess* const coldest = table_.to_evict(waiting.need.model, false);
    evict_for(*waiting.seeker, coldest);
    return coldest != nullptr;
}

void ProcessAllotment::refuse(ProcessSeeker& seeker, const Error& error) noexcept {
    if (remove(seeker)) seeker.on_no_process(error);
}

Error ProcessAllotment::too_full_for(const WaitingSeeker& waiting) const {
    const std::size_t ending = table_.count(ProcessState::kStopping);
    std::string message;
    if (table_.of_session(waiting.need.session_id) != nullptr) {
        message = "The process that the session had before has not ended yet";
    } else if (table_.size() < limits_.max_processes) {
        message = "The processes hold all the memory they may, and the one that shall make room has not ended yet";
    } else {
        message = "All " + std::to_string(limits_.max_processes) +
                  " processes are in use: " + std::to_string(table_.count(ProcessState::kActive)) + " answer, " +
                  std::to_string(ending) + " are ending";
    }
    const auto waited = std::chrono::duration_cast<milliseconds>(clock_.monotonic() - waiting.since);
    message += "; the request waited for " + std::to_string(waited.count()) + " ms.";
    return Error("capacity_exceeded", message).with_retry_after(ending > 0 ? kRetrySoon : kRetryLater);
}

}  // namespace sluice::claude_code
