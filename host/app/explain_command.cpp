#include "app/explain_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace sluice::app {

namespace {

using observability::KeptRecord;
using plugin::CommandOutcome;
using Words = std::vector<std::string>;

constexpr int kDone = 0;
constexpr int kUnknownRequest = 1;
constexpr int kWrongArguments = 2;
/// A client may give all of its requests the same id.
constexpr std::size_t kMostOfOneId = 10;
constexpr std::size_t kFailedByDefault = 10;
constexpr std::size_t kMostFailed = 1000;

struct Question {
    std::string request_id;  ///< empty: the last requests that failed
    std::size_t failed = kFailedByDefault;
    bool is_json = false;
};

std::optional<std::size_t> number_of(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > kMostFailed) return {};
    return number;
}

/// Nothing where the words ask for nothing that there is.
std::optional<Question> question_of(Words words) {
    Question question;
    const auto json = std::find(words.begin(), words.end(), "--json");
    if (json != words.end()) {
        question.is_json = true;
        words.erase(json);
    }
    if (words.size() == 1 && !words[0].empty() && words[0][0] != '-') {
        question.request_id = words[0];
        return question;
    }
    // Any printable text is an id, also one that looks like an option.
    if (words.size() == 2 && words[0] == "--") {
        question.request_id = words[1];
        return words[1].empty() ? std::nullopt : std::optional(question);
    }
    if (words.empty() || words.size() > 2 || words[0] != "--failed") return std::nullopt;
    if (words.size() == 1) return question;
    const auto number = number_of(words[1]);
    if (!number) return std::nullopt;
    question.failed = *number;
    return question;
}

CommandOutcome wrong_arguments(const Words& found) {
    return {kWrongArguments, "",
            fmt::format("sluice explain: found \"{}\", expected REQUEST_ID or --failed [1..{}], and --json if wanted\n",
                        fmt::join(found, " "), kMostFailed)};
}

CommandOutcome unknown(const std::string& request_id, const observability::ExplainRing& ring) {
    if (ring.capacity() == 0) {
        return {kUnknownRequest, "", "sluice explain: no requests are kept (explain.requests is 0)\n"};
    }
    return {kUnknownRequest, "",
            fmt::format("sluice explain: found no request \"{}\" that has ended among the last {} (explain.requests: "
                        "{})\n",
                        request_id, ring.size(), ring.capacity())};
}

std::string shown(const std::vector<KeptRecord>& records, bool is_json) {
    std::string text;
    for (const KeptRecord& record : records) {
        if (is_json) {
            append_request_json(record.get(), text);
            text += '\n';
        } else {
            if (!text.empty()) text += '\n';
            append_request_text(record.get(), text);
        }
    }
    return text;
}

}  // namespace

CommandOutcome explain(const observability::ExplainRing& ring, const Words& arguments) {
    const auto question = question_of(arguments);
    if (!question) return wrong_arguments(arguments);
    if (question->request_id.empty()) {
        if (ring.capacity() == 0) return unknown({}, ring);
        const auto failed = ring.failed(question->failed);
        std::string text = shown(failed, question->is_json);
        if (failed.empty() && !question->is_json) {
            text = fmt::format("none of the last {} requests failed\n", ring.size());
        }
        return {kDone, text, ""};
    }
    const auto found = ring.find(question->request_id, kMostOfOneId);
    if (found.empty()) return unknown(question->request_id, ring);
    return {kDone, shown(found, question->is_json), ""};
}

}  // namespace sluice::app
