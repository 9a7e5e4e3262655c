#include "stream_judge.hpp"

#include <algorithm>

#include "json_document.hpp"
#include "plain_chunk.hpp"
#include "upstream_error.hpp"
#include "usage.hpp"

namespace sluice::openai {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kDone = "[DONE]";

std::string_view trimmed(std::span<const char> data) {
    std::string_view text(data.data(), data.size());
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
    return text;
}

// As JavaScript and Python see it: the SDKs take any truthy `error` for one.
bool is_truthy(dom::element value) {
    switch (value.type()) {
        case dom::element_type::NULL_VALUE: return false;
        case dom::element_type::BOOL: return bool(value);
        case dom::element_type::STRING: return !std::string_view(value).empty();
        default: return true;
    }
}

bool is_terminal(std::string_view name) {
    return name == "response.completed" || name == "response.failed" || name == "response.incomplete";
}

}  // namespace

Dialect dialect_of_path(std::string_view path) {
    if (path == "/v1/chat/completions" || path == "/v1/completions") return Dialect::kChat;
    return path == "/v1/responses" ? Dialect::kResponses : Dialect::kNamed;
}

StreamJudge::StreamJudge(Dialect dialect, UsageWish wish, std::uint64_t choice_count)
    : dialect_(dialect), wish_(wish), choice_count_(choice_count) {}

Verdict StreamJudge::judge(dom::parser& parser, const SseEvent& event) {
    if (event.data.size() <= 16 && trimmed(event.data) == kDone) return Verdict::kEnd;
    if (dialect_ == Dialect::kChat && !event.has_several_lines) {
        if (const auto chunk = read_plain_chunk(event.data)) {
            note_choice(chunk->choice, chunk->is_finished);
            return Verdict::kRelay;
        }
    }
    dom::element root;
    if (!parse_json(parser, event.data, root)) return Verdict::kBad;
    // Only now: a line end inside a string is an error, a blank would not be.
    if (event.has_several_lines) std::replace(event.data.begin(), event.data.end(), '\n', ' ');
    if (!root.is_object()) return Verdict::kRelay;
    return dialect_ == Dialect::kChat ? judge_chat(root, event.name) : judge_named(root, event.name);
}

bool StreamJudge::is_finished() const noexcept {
    return dialect_ == Dialect::kChat && finished_ == seen_ &&
           finished_.count() >= std::min<std::uint64_t>(choice_count_, kMaxChoices);
}

Verdict StreamJudge::judge_chat(dom::element root, std::string_view name) {
    bool has_choices = false;
    bool brings_usage = false;
    for (const auto [key, value] : dom::object(root)) {
        if (key == "choices") {
            dom::array choices;
            if (value.get(choices) != simdjson::SUCCESS) continue;
            has_choices = choices.size() > 0;
            note_choices(choices);
        } else if (key == "usage") {
            brings_usage = value.is_object();
            note_usage(value);
        } else if (key == "error" && is_truthy(value)) {
            failure_ = std::make_unique<Failure>(failure_of_error_event(value));
            return Verdict::kRelayError;
        }
    }
    if (has_choices) return Verdict::kRelay;
    std::string_view object;
    const bool is_error = name == "error" || (root["object"].get(object) == simdjson::SUCCESS && object == "error");
    if (is_error) {
        failure_ = std::make_unique<Failure>(failure_of_error_event(root));
        return Verdict::kError;
    }
    return brings_usage && wish_ != UsageWish::kRelay ? Verdict::kDrop : Verdict::kRelay;
}

Verdict StreamJudge::judge_named(dom::element root, std::string_view name) {
    std::string_view type = name;
    if (type.empty() && root["type"].get(type) != simdjson::SUCCESS) type = {};
    dom::element value;
    if (type == "error") {
        const bool is_nested = root["error"].get(value) == simdjson::SUCCESS && is_truthy(value);
        failure_ = std::make_unique<Failure>(failure_of_error_event(is_nested ? value : root));
        return Verdict::kRelayError;
    }
    if (root["usage"].get(value) == simdjson::SUCCESS) note_usage(value);
    if (dialect_ != Dialect::kResponses || !is_terminal(type)) return Verdict::kRelay;
    if (root["response"]["usage"].get(value) == simdjson::SUCCESS) note_usage(value);
    return Verdict::kRelayAndEnd;
}

void StreamJudge::note_choices(dom::array choices) {
    for (const dom::element choice : choices) {
        std::uint64_t index = 0;
        std::string_view reason;
        bool is_over = false;
        dom::object members;
        if (choice.get(members) != simdjson::SUCCESS) continue;
        for (const auto [key, value] : members) {
            if (key == "index")
                index = value.is_uint64() ? std::uint64_t(value) : 0;
            else if (key == "finish_reason")
                is_over = value.get(reason) == simdjson::SUCCESS && !reason.empty();
        }
        note_choice(index, is_over);
    }
}

void StreamJudge::note_choice(std::uint64_t index, bool is_over) {
    const auto slot = static_cast<std::size_t>(std::min<std::uint64_t>(index, kMaxChoices - 1));
    seen_.set(slot);
    if (is_over) finished_.set(slot);
}

void StreamJudge::note_usage(dom::element value) {
    sluice_usage found{};
    if (read_usage(value, found)) usage_ = std::make_unique<sluice_usage>(found);
}

}  // namespace sluice::openai
