#include "process/process_pool.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "process/process_allotment.hpp"
#include "process/process_table.hpp"
#include "process/warm_stock.hpp"

namespace sluice::claude_code {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kSamplePeriod{5000};
// How soon to look whether a process that was started for a request has come up.
constexpr milliseconds kLookAgain{250};
// A start in the background takes a core from the turns that run, and from the next one of a session that has just been
// answered. It waits for a quiet moment, though not for ever.
constexpr milliseconds kQuietTime{300};
constexpr milliseconds kLongestWaitForQuiet{3000};
// For parked ones where none is kept idle: a client's tools take their time.
constexpr milliseconds kParkedTime{300'000};

Error shutting_down() { return Error("server_shutting_down", "The gateway is shutting down."); }

}  // namespace

struct ProcessPool::Impl final : ProcessTableUser {
    Impl(Loop home, Clock clock_, Log log, PoolLimits limits_, ProcessStarter starter,
         std::function<std::string()> new_id)
        : clock(clock_),
          limits(std::move(limits_)),
          table(clock, log, std::move(starter), std::move(new_id), *this),
          allotment(clock, limits, table),
          stock(clock, log, limits.warm),
          timer(home.timer<&Impl::on_timer>(this)),
          sample_timer(home.timer<&Impl::sample>(this)),
          serve_timer(home.timer<&Impl::serve>(this)),
          kill_timer(home.timer<&Impl::kill_all>(this)) {}

    // ProcessTableUser
    void on_ready(PooledProcess& one) noexcept override {
        table.enter(one, ProcessState::kWarm);
        stock.is_ready();
        serve_soon();
    }
    void on_end(PooledProcess& one, const ProcessEnd& end) noexcept override {
        const bool was_started = end.cause != ProcessEnd::Cause::kNotStarted;
        if (was_started && !one.process->is_stopping()) ++crashed;
        if (one.state == ProcessState::kStarting) stock.has_failed("ended before it was ready");
        if (one.state == ProcessState::kWarm) stock.has_failed("ended by itself");
        allotment.has_ended(one);
        table.erase(one);
        serve_soon();
    }

    void serve_soon() noexcept { serve_timer.set(milliseconds(0)); }

    // Seekers come and go inside what they are told: one round ends before the next one begins.
    void serve() noexcept {
        if (is_shut_down) return finish();
        if (is_serving) return;
        is_serving = true;
        while (allotment.serve_one()) {
        }
        is_serving = false;
        refill();
        set_timer();
    }

    void refill() noexcept {
        const std::string* const model = stock.missing(table);
        if (model == nullptr || allotment.count() > 0 || table.size() >= limits.max_processes) return;
        if (!is_quiet() || is_coming_up() || !has_memory_for_another()) return;
        missing_since.reset();
        PooledProcess* const made = table.start(*model, {});
        if (made == nullptr) return stock.has_failed("could not be started");
        made->process->attach(made);
        made->process->write(probe_record("ready"));
    }

    // A request waits for the start of its process: nothing else shall slow that down.
    bool is_coming_up() const noexcept {
        const nanoseconds earliest = clock.monotonic() - kHopefulTime;
        return std::any_of(table.all().begin(), table.all().end(), [&](const auto& one) {
            return one->state == ProcessState::kActive && !one->process->has_spoken && one->since > earliest;
        });
    }

    bool is_quiet() noexcept {
        const nanoseconds now = clock.monotonic();
        if (!missing_since) missing_since = now;
        const bool is_in_use = table.count(ProcessState::kActive) > 0 || (last_use && now - *last_use < kQuietTime);
        return !is_in_use || now - *missing_since >= kLongestWaitForQuiet;
    }

    // Else it would be stopped as soon as it is seen how large it is, and be missing again.
    bool has_memory_for_another() const noexcept {
        const std::uint64_t most = limits.max_memory_bytes;
        return most == 0 || table.resident_bytes() + table.typical_bytes() <= most;
    }

    // How long one may stay in its state; none: for ever.
    std::optional<nanoseconds> patience_with(const PooledProcess& one) const noexcept {
        switch (one.state) {
            case ProcessState::kStarting: return kReadyTime;
            case ProcessState::kIdle: return limits.process_idle;
            case ProcessState::kParked: return limits.process_idle.count() > 0 ? limits.process_idle : kParkedTime;
            case ProcessState::kWarm:
            case ProcessState::kActive:
            case ProcessState::kStopping: break;
        }
        return std::nullopt;
    }

    void set_timer() noexcept {
        const nanoseconds now = clock.monotonic();
        std::optional<nanoseconds> next;
        const auto consider = [&](nanoseconds at) { next = next ? std::min(*next, at) : at; };
        if (const auto deadline = allotment.next_deadline()) consider(*deadline);
        for (const auto& one : table.all()) {
            if (const auto patience = patience_with(*one)) consider(one->since + *patience);
        }
        if (stock.next_start() > now) consider(stock.next_start());
        if (stock.missing(table) != nullptr && (is_coming_up() || missing_since)) consider(now + kLookAgain);
        next ? timer.set(std::chrono::ceil<milliseconds>(*next - now)) : timer.stop();
    }

    void on_timer() noexcept {
        const nanoseconds now = clock.monotonic();
        for (const auto& one : table.all()) {
            const auto patience = patience_with(*one);
            if (!patience || now - one->since < *patience) continue;
            if (one->state == ProcessState::kStarting) stock.has_failed("was not ready in time");
            table.stop(*one);
        }
        allotment.refuse_late();
        serve();
    }

    void sample() noexcept {
        table.weigh();
        const std::uint64_t most = limits.max_memory_bytes;
        while (most != 0 && table.kept_bytes() > most) {
            PooledProcess* const coldest = table.to_evict({}, false);
            if (coldest == nullptr) break;
            table.stop(*coldest);
        }
        sample_timer.set(kSamplePeriod);
        serve();
    }

    void settle(PooledProcess& one, Afterwards afterwards, bool has_turn) noexcept {
        const bool can_stay = one.is_sound() && !one.is_forgotten && !is_shut_down;
        if (can_stay && afterwards == Afterwards::kPark) {
            table.enter(one, ProcessState::kParked);
            // A change of users has ended the pause: what it says is for the turn that comes back.
            return one.process->pause();
        }
        if (can_stay && afterwards == Afterwards::kKeep && limits.process_idle.count() > 0 &&
            !is_worn_out(one, limits)) {
            return table.enter(one, ProcessState::kIdle);
        }
        table.stop(one, has_turn || afterwards == Afterwards::kPark);
    }

    void kill_all() noexcept {
        for (const auto& one : table.all()) one->process->stop(true, true);
    }

    void finish() noexcept {
        if (table.size() > 0 || !done) return;
        kill_timer.stop();
        std::exchange(done, nullptr)();
    }

    const Clock clock;
    const PoolLimits limits;
    ProcessTable table;
    ProcessAllotment allotment;
    WarmStock stock;
    bool is_serving = false;
    bool is_shut_down = false;
    std::uint64_t crashed = 0;
    std::optional<nanoseconds> last_use;       // when a process was given back
    std::optional<nanoseconds> missing_since;  // a warm one, which waits for a quiet moment
    std::function<void()> done;
    Timer timer;
    Timer sample_timer;
    Timer serve_timer;
    Timer kill_timer;
};

ProcessPool::ProcessPool(Loop home, Clock clock, Log log, PoolLimits limits, ProcessStarter starter,
                         std::function<std::string()> new_session_id)
    : impl_(
          std::make_unique<Impl>(home, clock, log, std::move(limits), std::move(starter), std::move(new_session_id))) {
    impl_->sample_timer.set(kSamplePeriod);
}

ProcessPool::~ProcessPool() = default;

void ProcessPool::keep_warm(bool is_wanted) {
    impl_->stock.keep(is_wanted);
    for (const auto& one : impl_->table.all()) {
        const bool is_warm = one->state == ProcessState::kStarting || one->state == ProcessState::kWarm;
        if (!is_wanted && is_warm) impl_->table.stop(*one);
    }
    impl_->serve_soon();
}

void ProcessPool::acquire(ProcessNeed need, ProcessSeeker& seeker) {
    if (impl_->is_shut_down) return seeker.on_no_process(shutting_down());
    impl_->allotment.add(std::move(need), seeker);
    // The round that is running goes on with the queue as it was.
    if (impl_->is_serving) return impl_->serve_soon();
    impl_->serve();
    if (!impl_->allotment.may_wait()) impl_->allotment.refuse_late();
}

void ProcessPool::give_up(ProcessSeeker& seeker) noexcept { impl_->allotment.remove(seeker); }

void ProcessPool::release(CliProcess& process, Afterwards afterwards, bool has_turn) noexcept {
    if (PooledProcess* const one = impl_->table.find(process)) {
        process.attach(one);
        impl_->last_use = impl_->clock.monotonic();
        impl_->settle(*one, afterwards, has_turn);
    }
    impl_->serve_soon();
}

void ProcessPool::forget_session(std::string_view session_id) noexcept {
    PooledProcess* const one = impl_->table.of_session(session_id);
    if (one == nullptr) return;
    one->is_forgotten = true;
    if (one->state != ProcessState::kActive) impl_->table.stop(*one);
}

void ProcessPool::shut_down(milliseconds patience, std::function<void()> done) {
    impl_->is_shut_down = true;
    impl_->stock.keep(false);
    impl_->timer.stop();
    impl_->sample_timer.stop();
    impl_->done = std::move(done);
    impl_->allotment.refuse_all(shutting_down());
    for (const auto& one : impl_->table.all()) {
        // Its user has it until release(), and hears its end.
        if (one->state == ProcessState::kActive) one->process->stop(true);
        if (one->state != ProcessState::kActive) impl_->table.stop(*one);
    }
    impl_->kill_timer.set(patience);
    impl_->serve_soon();
}

PoolFigures ProcessPool::figures() const noexcept {
    const ProcessTable& table = impl_->table;
    PoolFigures figures;
    figures.active = table.count(ProcessState::kActive);
    figures.max = impl_->limits.max_processes;
    figures.queued = impl_->allotment.count();
    figures.warm = table.count(ProcessState::kWarm);
    figures.idle = table.count(ProcessState::kIdle);
    figures.parked = table.count(ProcessState::kParked);
    figures.starting = table.count(ProcessState::kStarting);
    figures.stopping = table.count(ProcessState::kStopping);
    figures.resident_bytes = table.resident_bytes();
    figures.started = table.count_started();
    figures.crashed = impl_->crashed;
    return figures;
}

}  // namespace sluice::claude_code
