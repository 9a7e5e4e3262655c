#include "process/spawned_process.hpp"

#include <signal.h>

#include <chrono>
#include <cstring>
#include <utility>

#include "process/launcher.hpp"

namespace sluice::claude_code {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kUntilTerm{1000};
constexpr milliseconds kUntilKill{5000};

std::string text_of(const LaunchFailure& failure) {
    const std::string reason = std::strerror(failure.error);
    if (failure.step == "program") return "the program cannot be executed: " + reason;
    return "the launcher failed at \"" + std::string(failure.step) + "\": " + reason;
}

}  // namespace

SpawnedProcess::SpawnedProcess(Loop home, ProcessOrder order, OutputLimits limits)
    : order_(std::move(order)),
      limits_(limits),
      lines_(limits.max_line_bytes),
      later_(home.timer<&SpawnedProcess::go_on>(this)),
      escalation_(home.timer<&SpawnedProcess::escalate>(this)) {}

SpawnedProcess::~SpawnedProcess() = default;

void SpawnedProcess::start(const ChildSupport& support, const ProgramCall& call) {
    std::string problem;
    child_ = ChildProcess::start(support, call, limits_.max_error_bytes, *this, problem);
    if (child_ == nullptr) refuse(std::move(problem));
}

void SpawnedProcess::refuse(std::string detail) {
    end_.cause = ProcessEnd::Cause::kNotStarted;
    end_.exit_code = -1;
    end_.detail = std::move(detail);
    has_ended_ = true;
    if (user_ != nullptr) later_.set(milliseconds(0));
}

void SpawnedProcess::attach(ProcessUser* user) noexcept {
    // A pause is the user's who asked for it.
    if (user != user_) resume();
    user_ = user;
    is_end_told_ = false;
    if (has_ended_ && user_ != nullptr) later_.set(milliseconds(0));
}

void SpawnedProcess::write(std::string record) {
    if (child_ != nullptr && !is_stopping_) child_->write(std::move(record));
}

void SpawnedProcess::pause() noexcept {
    // The end is told when all output was read: a process that is being stopped would never end.
    if (child_ == nullptr || is_stopping_) return;
    is_paused_ = true;
    child_->pause_output();
}

void SpawnedProcess::resume() noexcept {
    if (std::exchange(is_paused_, false)) later_.set(milliseconds(0));
}

void SpawnedProcess::begin_turn() noexcept {
    ++turns_;
    turn_bytes_ = 0;
}

void SpawnedProcess::stop(bool has_turn, bool is_urgent) noexcept {
    if (child_ == nullptr) return;
    if (is_urgent) child_->send_signal(SIGKILL);
    if (std::exchange(is_stopping_, true)) return;
    resume();
    // A turn that has not begun to go out does not begin any more.
    child_->drop_unbegun_input();
    if (has_turn) child_->write(interrupt_record("stop"));
    child_->close_input();
    has_turn ? escalation_.set(kUntilTerm) : escalate();
}

void SpawnedProcess::escalate() noexcept {
    if (child_ == nullptr) return;
    if (std::exchange(is_term_sent_, true)) return child_->send_signal(SIGKILL);
    child_->send_signal(SIGTERM);
    escalation_.set(kUntilKill);
}

std::uint64_t SpawnedProcess::resident_bytes() const noexcept {
    return child_ != nullptr ? child_->resident_bytes() : 0;
}

std::span<char> SpawnedProcess::output_room() {
    const NdjsonLineBuffer::Space space = lines_.writable();
    return {space.data, space.size};
}

void SpawnedProcess::on_output(std::size_t count) noexcept {
    lines_.commit(count);
    deliver();
}

// After every line anything may have changed: the user pauses, stops, gives way to another or destroys the process.
void SpawnedProcess::deliver() noexcept {
    const std::weak_ptr<const bool> life = life_;
    std::string_view line;
    while (!is_paused_ && lines_.next(line)) {
        // What comes after a fault is read so that the process can end, and goes nowhere.
        if (!fault_) deliver_line(line);
        if (life.expired()) return;
    }
    if (is_paused_) return;
    if (lines_.is_overlong() || turn_bytes_ + lines_.unfinished() > limits_.max_turn_bytes) {
        stop_for(ProcessEnd::Cause::kOutputLimit);
    }
    lines_.shrink();
}

void SpawnedProcess::deliver_line(std::string_view line) noexcept {
    turn_bytes_ += line.size() + 1;
    if (turn_bytes_ > limits_.max_turn_bytes) return stop_for(ProcessEnd::Cause::kOutputLimit);
    const CliRecord record = reader_.read(line);
    if (record.kind == RecordKind::kMalformed) return stop_for(ProcessEnd::Cause::kGarbage);
    has_spoken = true;
    if (user_ != nullptr) user_->on_record(record);
}

void SpawnedProcess::stop_for(ProcessEnd::Cause cause) noexcept {
    if (fault_) return;
    fault_ = cause;
    stop(false);
}

void SpawnedProcess::on_end(const ChildEnd& end) noexcept {
    end_.exit_code = end.exit_code;
    end_.signal = end.signal;
    end_.error_output = end.error_output;
    if (const auto failure = Launcher::failure_of(end.exit_code, end.error_output)) {
        end_.cause = ProcessEnd::Cause::kNotStarted;
        end_.detail = text_of(*failure);
    } else {
        end_.cause = fault_.value_or(ProcessEnd::Cause::kExited);
    }
    has_ended_ = true;
    escalation_.stop();
    child_.reset();
    tell_end();
}

void SpawnedProcess::go_on() noexcept {
    if (has_ended_) return tell_end();
    const std::weak_ptr<const bool> life = life_;
    deliver();
    // The child may go on to its end inside, and this with it.
    if (!life.expired() && child_ != nullptr && !is_paused_) child_->resume_output();
}

void SpawnedProcess::tell_end() noexcept {
    if (user_ == nullptr || std::exchange(is_end_told_, true)) return;
    // A copy: the process may be destroyed inside.
    const ProcessEnd end = end_;
    user_->on_end(end);
}

}  // namespace sluice::claude_code
