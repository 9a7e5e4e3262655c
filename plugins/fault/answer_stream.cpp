// Answers that are streams of events.
#include "answer.hpp"

#include <algorithm>

#include "failure.hpp"

namespace sluice::fault {
namespace {

using std::chrono::milliseconds;

// Without pauses between tokens others have their turn after so many events.
constexpr int kEventsPerTurn = 64;
// How long the openai plugin waits for a [DONE] behind a complete answer.
constexpr milliseconds kGrace{200};
constexpr std::string_view kEndedEarly = "the upstream's stream ended before it was complete";

}  // namespace

void Answer::begin_stream() {
    if (!is_taken(call_.begin(ResponseHead::events()))) return;
    const Fault fault = decision_.step.fault;
    events_.emplace(text_, fault == Fault::kEndless);
    if (fault == Fault::kNoTerminator || fault == Fault::kLeftOpen) events_->leave_out_last();
    wait(varied(decision_.pace.first_token), &Answer::stream_on);
}

void Answer::stream_on() {
    StreamEvent event;
    for (int given = 0; given < kEventsPerTurn; ++given) {
        if (is_fault_due()) return break_stream();
        const std::uint32_t tokens_before = events_->tokens_given();
        if (!events_->next(event)) return end_stream();
        const sluice_status status = call_.write_event(event.data, event.name);
        if (!is_taken(status)) return;
        if (status == SLUICE_FULL) {
            call_.on_writable<&Answer::stream_on>(this);
            return;
        }
        const bool is_token = events_->tokens_given() > tokens_before;
        const milliseconds pause = is_token && !events_->are_tokens_over() ? decision_.pace.token : milliseconds(0);
        if (pause.count() > 0) return wait(std::max(varied(pause), milliseconds(1)), &Answer::stream_on);
    }
    wait(milliseconds(1), &Answer::stream_on);
}

// A fault behind more tokens than there are comes behind the last one.
bool Answer::is_fault_due() const {
    if (!comes_after_tokens(decision_.step.fault)) return false;
    return events_->tokens_given() >= std::min(decision_.step.after, text_.count());
}

void Answer::break_stream() {
    switch (decision_.step.fault) {
        case Fault::kCut:
            return fail(upstream_failure("the upstream broke the connection before its answer was complete"));
        case Fault::kEarlyEnd: return fail(upstream_failure(kEndedEarly));
        case Fault::kNotJson: return fail(upstream_failure("an event of the upstream's stream is not one JSON value"));
        case Fault::kErrorEvent: return give_error_event();
        default: return;  // Fault::kStall: from here on only the host can end it
    }
}

// As the first event it is no part of an answer yet: the client gets it as an error with a status.
void Answer::give_error_event() {
    const bool is_named = facts_.endpoint == Endpoint::kResponses;
    const ErrorKind asked = decision_.step.error;
    const ErrorText& error = text_of(asked == ErrorKind::kByStatus ? ErrorKind::kServer : asked);
    Error failure = error_event_failure(error, is_named);
    if (events_->given() > 0) {
        const std::string data = is_named ? named_error_json(error, events_->given()) : error_json(error);
        if (!is_taken(call_.write_event(data, is_named ? "error" : ""))) return;
        failure.with_flag(SLUICE_ERROR_RELAYED);
    }
    fail(failure);
}

void Answer::end_stream() {
    const Fault fault = decision_.step.fault;
    const bool is_incomplete = facts_.endpoint == Endpoint::kResponses;  // without its last event
    if (fault == Fault::kLeftOpen) {
        if (!is_incomplete) wait(kGrace, &Answer::finish_stream);
        return;
    }
    if (fault == Fault::kNoTerminator && is_incomplete) return fail(upstream_failure(kEndedEarly));
    finish_stream();
}

void Answer::finish_stream() {
    const bool has_usage = facts_.reports_usage || facts_.endpoint == Endpoint::kResponses;
    const Usage usage = text_.usage(events_->tokens_given());
    finish(has_usage ? &usage : nullptr);
}

}  // namespace sluice::fault
