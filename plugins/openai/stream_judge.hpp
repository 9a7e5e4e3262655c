// Decides, event by event, what becomes of an upstream's stream, and whether its end is an honest one.
#pragma once

#include <simdjson.h>

#include <bitset>
#include <cstdint>
#include <memory>
#include <string_view>

#include "failure.hpp"
#include "sluice/message.h"
#include "sse_reader.hpp"

namespace sluice::openai {

enum class Dialect {
    kChat,       // chat.completion.chunk or text_completion: ends with a finish_reason for every choice, or [DONE]
    kResponses,  // named events, ends with response.completed, .failed, .incomplete or error
    kNamed       // named events of other endpoints: ends with the transfer
};

// The dialect of the streams under a path ("/v1/responses").
Dialect dialect_of_path(std::string_view path);

enum class Verdict {
    kRelay,
    kDrop,         // counted, not for the client
    kRelayAndEnd,  // the last event of the stream
    kEnd,          // [DONE]: not an event of the client's
    kRelayError,   // an error in a form clients understand: relay it, then fail with failure()
    kError,        // an error clients would not see: fail with failure()
    kBad           // not one JSON value: fail, never relay
};

// What becomes of the usage of a stream.
enum class UsageWish {
    kNone,   // nobody has asked for it: an event with nothing else is dropped
    kCount,  // the gateway has: it is waited for, and dropped
    kRelay   // the client has: it is waited for, and relayed
};

class StreamJudge {
public:
    StreamJudge() = default;
    StreamJudge(Dialect dialect, UsageWish wish, std::uint64_t choice_count);

    // Judges one event. Keys in it are masked already. Turns the line ends of a value of several lines into blanks.
    Verdict judge(simdjson::dom::parser& parser, const SseEvent& event);

    // All choices have their finish_reason: the stream may end here, with or without [DONE].
    bool is_finished() const noexcept;
    // Finished, but the usage that was asked for has not come.
    bool waits_for_usage() const noexcept { return wish_ != UsageWish::kNone && usage_ == nullptr; }
    // Whether a transfer that ended whole, with no last event, is a clean end of the stream.
    bool may_end_here() const noexcept { return dialect_ == Dialect::kNamed || is_finished(); }

    // What was used so far, or NULL if it was not said.
    const sluice_usage* usage() const noexcept { return usage_.get(); }
    // After kRelayError or kError: what to fail with if the event is not relayed.
    const Failure& failure() const { return *failure_; }

private:
    // Rationale: the API allows 128; anything beyond shares the last place, where the last one to finish decides.
    static constexpr std::size_t kMaxChoices = 128;

    Verdict judge_chat(simdjson::dom::element root, std::string_view name);
    Verdict judge_named(simdjson::dom::element root, std::string_view name);
    void note_choices(simdjson::dom::array choices);
    void note_choice(std::uint64_t index, bool is_over);
    void note_usage(simdjson::dom::element value);

    Dialect dialect_ = Dialect::kNamed;
    UsageWish wish_ = UsageWish::kNone;
    std::uint64_t choice_count_ = 1;
    std::bitset<kMaxChoices> seen_;
    std::bitset<kMaxChoices> finished_;
    // What is needed once at the end of a stream: until then it pays for the pointers only.
    std::unique_ptr<sluice_usage> usage_;
    std::unique_ptr<Failure> failure_;
};

}  // namespace sluice::openai
