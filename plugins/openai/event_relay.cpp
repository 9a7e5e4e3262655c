#include "event_relay.hpp"

namespace sluice::openai {
namespace {

constexpr std::uint64_t kGraceForUsageMs = 1000;
constexpr std::uint64_t kGraceForDoneMs = 200;

}  // namespace

Flow EventRelay::on_body(std::span<char> piece, simdjson::dom::parser& parser, Reply& reply) {
    reader_.feed(piece);
    SseEvent event;
    for (;;) {
        switch (reader_.next(event)) {
            case SseReader::Result::kNeedMore: return Flow::kMore;
            case SseReader::Result::kTooLarge:
                return fail(upstream_failure("an event of the upstream's stream is larger than 16 MiB"));
            case SseReader::Result::kEvent: break;
        }
        const Flow flow = take(event, parser, reply);
        if (flow != Flow::kMore || reply.is_refused()) return flow;
    }
}

Flow EventRelay::on_end(simdjson::dom::parser& parser, Reply& reply) {
    SseEvent event;
    if (reader_.finish(event) == SseReader::Result::kEvent) {
        const Flow flow = take(event, parser, reply);
        if (flow != Flow::kMore) return flow;
    }
    if (judge_.may_end_here()) return Flow::kFinish;
    return fail(upstream_failure("the upstream's stream ended before it was complete"));
}

Flow EventRelay::on_broken(Failure failure) {
    // All choices are finished: nothing of the answer is missing.
    return judge_.is_finished() ? Flow::kFinish : fail(std::move(failure));
}

std::uint64_t EventRelay::grace_ms() const noexcept {
    if (!judge_.is_finished()) return 0;
    return judge_.waits_for_usage() ? kGraceForUsageMs : kGraceForDoneMs;
}

Flow EventRelay::take(const SseEvent& event, simdjson::dom::parser& parser, Reply& reply) {
    mask_.apply(event.data);
    const Verdict verdict = judge_.judge(parser, event);
    const std::string_view name = has_names_ ? event.name : std::string_view{};
    switch (verdict) {
        case Verdict::kRelay: reply.write_event(name, event.data); return Flow::kMore;
        case Verdict::kDrop: return Flow::kMore;
        case Verdict::kRelayAndEnd: reply.write_event(name, event.data); return Flow::kFinish;
        case Verdict::kEnd: return Flow::kFinish;
        case Verdict::kError: return fail(judge_.failure());
        case Verdict::kBad: return fail(upstream_failure("an event of the upstream's stream is not one JSON value"));
        case Verdict::kRelayError: break;
    }
    Failure failure = judge_.failure();
    if (reply.has_events()) {
        reply.write_event(name, event.data);
        failure.flags |= SLUICE_ERROR_RELAYED;
    }
    return fail(std::move(failure));
}

Flow EventRelay::fail(Failure failure) {
    failure_ = std::make_unique<Failure>(std::move(failure));
    return Flow::kFail;
}

}  // namespace sluice::openai
