#include "process/process_table.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace sluice::claude_code {
namespace {

bool has_no_session(const PooledProcess& one) noexcept {
    return one.state == ProcessState::kStarting || one.state == ProcessState::kWarm;
}

int rank_to_go(const PooledProcess& one, std::string_view model) noexcept {
    if (has_no_session(one)) return one.is_of(model) ? 1 : 0;
    return one.state == ProcessState::kIdle ? 2 : 3;
}

}  // namespace

PooledProcess::PooledProcess(ProcessTableUser& user, std::unique_ptr<CliProcess> started)
    : process(std::move(started)), user_(user) {}

void PooledProcess::on_record(const CliRecord& record) noexcept {
    if (state == ProcessState::kStarting && record.kind == RecordKind::kControlResponse) user_.on_ready(*this);
}

void PooledProcess::on_end(const ProcessEnd& end) noexcept { user_.on_end(*this, end); }

ProcessTable::ProcessTable(Clock clock, Log log, ProcessStarter starter, std::function<std::string()> new_session_id,
                           ProcessTableUser& user)
    : clock_(clock), log_(log), starter_(std::move(starter)), new_session_id_(std::move(new_session_id)), user_(user) {}

PooledProcess* ProcessTable::start(const std::string& model, const std::string& session_id) noexcept {
    try {
        const bool is_resumed = !session_id.empty();
        auto process = starter_({model, is_resumed ? session_id : new_session_id_(), is_resumed});
        if (process == nullptr) throw std::runtime_error("the starter made none");
        PooledProcess& made = *all_.emplace_back(std::make_unique<PooledProcess>(user_, std::move(process)));
        enter(made, ProcessState::kStarting);
        started_ += made.process->has_ended() ? 0 : 1;
        return &made;
    } catch (const std::exception& problem) {
        log_.error(std::string("a process could not be started: ") + problem.what());
    } catch (...) {
        log_.error("a process could not be started: found an exception that is no std::exception");
    }
    return nullptr;
}

void ProcessTable::enter(PooledProcess& one, ProcessState state) noexcept {
    one.state = state;
    one.since = clock_.monotonic();
}

void ProcessTable::stop(PooledProcess& one, bool has_turn) noexcept {
    if (one.state == ProcessState::kStopping) return;
    const bool is_parked = one.state == ProcessState::kParked;
    enter(one, ProcessState::kStopping);
    one.process->stop(has_turn || is_parked);
}

void ProcessTable::erase(PooledProcess& one) noexcept {
    std::erase_if(all_, [&](const auto& each) { return each.get() == &one; });
}

std::size_t ProcessTable::count(ProcessState state) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(all_.begin(), all_.end(), [&](const auto& one) { return one->state == state; }));
}

std::size_t ProcessTable::count_warm(std::string_view model) const noexcept {
    return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), [&](const auto& one) {
        return one->state == ProcessState::kWarm && one->is_of(model);
    }));
}

PooledProcess* ProcessTable::find(const CliProcess& process) const noexcept {
    for (const auto& one : all_) {
        if (one->process.get() == &process) return one.get();
    }
    return nullptr;
}

PooledProcess* ProcessTable::of_session(std::string_view session_id) const noexcept {
    if (session_id.empty()) return nullptr;
    for (const auto& one : all_) {
        if (one->process->order().session_id == session_id) return one.get();
    }
    return nullptr;
}

PooledProcess* ProcessTable::fresh_of(std::string_view model, std::chrono::nanoseconds earliest) const noexcept {
    PooledProcess* best = nullptr;
    for (const auto& one : all_) {
        if (!has_no_session(*one) || !one->is_of(model) || !one->is_sound()) continue;
        if (one->state == ProcessState::kWarm) return one.get();
        // The one that began first is nearest to ready.
        if (one->since > earliest && best == nullptr) best = one.get();
    }
    return best;
}

PooledProcess* ProcessTable::to_evict(std::string_view model, bool may_be_parked) const noexcept {
    const auto key = [&](const PooledProcess& one) { return std::pair(rank_to_go(one, model), one.since); };
    PooledProcess* best = nullptr;
    for (const auto& one : all_) {
        if (one->state == ProcessState::kActive || one->state == ProcessState::kStopping) continue;
        if (one->state == ProcessState::kParked && !may_be_parked) continue;
        if (best == nullptr || key(*one) < key(*best)) best = one.get();
    }
    return best;
}

std::size_t ProcessTable::count_unpromised() const noexcept {
    return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), [](const auto& one) {
        return one->state == ProcessState::kStopping && one->freed_for == nullptr;
    }));
}

bool ProcessTable::is_promised_to(const ProcessSeeker& seeker) const noexcept {
    return std::any_of(all_.begin(), all_.end(), [&](const auto& one) { return one->freed_for == &seeker; });
}

void ProcessTable::forget(const ProcessSeeker& seeker) noexcept {
    for (const auto& one : all_) {
        if (one->freed_for == &seeker) one->freed_for = nullptr;
    }
}

void ProcessTable::weigh() noexcept {
    std::uint64_t known = 0;
    for (const auto& one : all_) {
        one->resident_bytes = one->process->resident_bytes();
        known += one->resident_bytes != 0 ? 1 : 0;
    }
    if (known != 0) typical_bytes_ = resident_bytes() / known;
}

std::uint64_t ProcessTable::resident_bytes() const noexcept {
    std::uint64_t total = 0;
    for (const auto& one : all_) total += one->resident_bytes;
    return total;
}

std::uint64_t ProcessTable::kept_bytes() const noexcept {
    std::uint64_t total = 0;
    for (const auto& one : all_) total += one->state == ProcessState::kStopping ? 0 : one->resident_bytes;
    return total;
}

}  // namespace sluice::claude_code
