// An answer that is a stream of events: read, judged and handed on one by one.
#pragma once

#include <memory>
#include <span>

#include "failure.hpp"
#include "flow.hpp"
#include "key_mask.hpp"
#include "reply.hpp"
#include "sse_reader.hpp"
#include "stream_judge.hpp"

namespace sluice::openai {

// [loop-thread]
class EventRelay {
public:
    // `mask` outlives it.
    EventRelay(Dialect dialect, UsageWish wish, std::uint64_t choice_count, const KeyMask& mask)
        : mask_(mask), judge_(dialect, wish, choice_count), has_names_(dialect != Dialect::kChat) {}

    Flow on_body(std::span<char> piece, simdjson::dom::parser& parser, Reply& reply);
    // The transfer ended whole.
    Flow on_end(simdjson::dom::parser& parser, Reply& reply);
    // The transfer broke off; `failure` says how.
    Flow on_broken(Failure failure);

    // How long silence may last before the stream counts as complete; 0 while it must go on.
    std::uint64_t grace_ms() const noexcept;

    const Failure& failure() const { return *failure_; }
    const sluice_usage* usage() const noexcept { return judge_.usage(); }

private:
    Flow take(const SseEvent& event, simdjson::dom::parser& parser, Reply& reply);
    Flow fail(Failure failure);

    const KeyMask& mask_;
    SseReader reader_;
    StreamJudge judge_;
    std::unique_ptr<Failure> failure_;
    bool has_names_;
};

}  // namespace sluice::openai
