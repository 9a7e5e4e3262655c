// The ways out of a turn.
#include <utility>

#include "turn/turn.hpp"

namespace sluice::claude_code {
namespace {

// What the program gets to end an interrupted turn by itself: it takes some 75 ms.
constexpr std::chrono::milliseconds kSettleTime{1000};

}  // namespace

void Turn::answer_is_over(TurnState state, const CliRecord& record) {
    const TurnReader& reader = open_->reader;
    switch (state) {
        case TurnState::kRunning: return;
        case TurnState::kToolCalls: services_.metrics.ended(TurnOutcome::kToolCalls); break;
        case TurnState::kLength: services_.metrics.ended(TurnOutcome::kLength); break;
        case TurnState::kDone: services_.metrics.ended(TurnOutcome::kDone); break;
        case TurnState::kFailed: break;
    }
    if (state != TurnState::kFailed) {
        relay_.finish(reader.finish_reason(), reader.usage());
        if (relay_.is_over()) return conclude(state);
        // What the program says meanwhile stays in its pipe.
        phase_ = Phase::kStoring;
        ending_ = state;
        timer_.stop();
        return process_->pause();
    }
    // Without its result, the program goes on with the turn: trying again what was refused, most often.
    const bool has_turn = record.kind != RecordKind::kResult;
    const Error error = reader.error();
    leave_process(has_turn ? Afterwards::kDiscard : Afterwards::kKeep, has_turn);
    fail(error);
}

// The client has its answer.
void Turn::conclude(TurnState state) {
    if (process_ != nullptr && state == TurnState::kToolCalls) return park();
    // The session is free at once: its next turn waits for the process where it has to.
    leave_session();
    if (process_ != nullptr && state == TurnState::kLength) return interrupt(Phase::kSettling);
    if (process_ != nullptr) leave_process(Afterwards::kKeep);
    end();
}

// What the program says meanwhile stays in its pipe: the pool does not read from a parked process.
void Turn::park() {
    open_->wait_in(session_id_);
    process_->memo = std::move(open_);
    leave_process(Afterwards::kPark);
    leave_session();
    end();
}

void Turn::on_end(const ProcessEnd& end_of_process) noexcept {
    const bool was_answering = phase_ == Phase::kAnswering;
    const bool was_clearing = phase_ == Phase::kClearing;
    const Error error = was_answering ? open_->reader.error_of(end_of_process) : Error("internal_error", "");
    if (was_answering) {
        services_.log.warn("a process ended in the middle of a turn: exit code " +
                           std::to_string(end_of_process.exit_code) + ", signal " +
                           std::to_string(end_of_process.signal) + " " + end_of_process.detail);
    }
    const bool was_storing = phase_ == Phase::kStoring;
    leave_process(Afterwards::kDiscard);
    if (was_storing) return;
    if (was_clearing) return seek();
    if (was_answering) return fail(error);
    leave_session();
    end();
}

// Gives back what the turn holds; a process that still works on it was left before.
void Turn::fail(const Error& error) {
    services_.metrics.ended(TurnOutcome::kFailed);
    is_session_lost_ = is_session_lost_ || (session_ != nullptr && error.code() == "session_not_found");
    relay_.fail(error, open_ != nullptr ? open_->reader.usage() : std::nullopt);
    if (phase_ == Phase::kSeeking && process_ == nullptr) services_.pool.give_up(*this);
    if (process_ != nullptr) leave_process(Afterwards::kDiscard, phase_ != Phase::kSeeking);
    leave_session();
    end();
}

void Turn::on_client_left() noexcept {
    if (phase_ == Phase::kSettling || phase_ == Phase::kOver) return;
    services_.metrics.ended(TurnOutcome::kCancelled);
    switch (phase_) {
        case Phase::kSettling:
        case Phase::kOver:
        case Phase::kResolving: return;  // goes on when the session is found
        case Phase::kSeeking:
            services_.pool.give_up(*this);
            leave_session();
            return end();
        case Phase::kClearing: phase_ = Phase::kSettling; return;
        case Phase::kStoring:
            if (process_ != nullptr) leave_process(Afterwards::kDiscard, ending_ != TurnState::kDone);
            leave_session();
            return end();
        case Phase::kAnswering: leave_session(); return interrupt(Phase::kSettling);
    }
}

void Turn::on_client_ready() noexcept {
    if (phase_ != Phase::kAnswering) return;
    process_->resume();
    timer_.set(services_.silence);
}

void Turn::on_timer() noexcept {
    if (phase_ == Phase::kAnswering) {
        services_.log.warn("a process was silent for too long in the middle of a turn");
        return fail(Error("timeout", "The program gave no sign of life in time."));
    }
    // It did not let itself be interrupted; another try would cost another second.
    const bool was_clearing = phase_ == Phase::kClearing;
    leave_process(Afterwards::kDiscard, false);
    if (was_clearing) return seek();
    leave_session();
    end();
}

void Turn::interrupt(Phase next) {
    phase_ = next;
    process_->write(interrupt_record(next_record_id()));
    process_->resume();
    timer_.set(kSettleTime);
}

void Turn::settled() {
    if (phase_ == Phase::kClearing) {
        open_.reset();
        return start_turn();
    }
    leave_process(Afterwards::kKeep);
    leave_session();
    end();
}

void Turn::leave_process(Afterwards afterwards, bool has_turn) {
    timer_.stop();
    CliProcess* const process = std::exchange(process_, nullptr);
    // Of a session that nobody knows of nothing is kept.
    const bool is_unknown = is_new_ && !relay_.has_begun();
    process->attach(nullptr);
    services_.pool.release(*process, is_unknown ? Afterwards::kDiscard : afterwards, has_turn);
}

void Turn::leave_session() {
    Session* const session = std::exchange(session_, nullptr);
    if (session == nullptr) return;
    const bool is_unknown = is_new_ && !relay_.has_begun();
    if (is_unknown || is_session_lost_) return services_.sessions.destroy(*session);
    services_.sessions.release(*session);
}

void Turn::end() {
    phase_ = Phase::kOver;
    timer_.stop();
    bridge_->detach();
    services_.over(*this);
}

}  // namespace sluice::claude_code
