#include "answer/cli_error.hpp"

#include <algorithm>
#include <chrono>

#include "answer/shown_text.hpp"

namespace sluice::claude_code {

namespace {

// Where the upstream does not say when it takes requests again.
constexpr std::uint64_t kUsualRetryAfterSeconds = 30;
constexpr std::uint64_t kOverloadRetryAfterSeconds = 5;

constexpr std::string_view kNoConversation = "No conversation found with session ID";
constexpr std::string_view kTooLong = "Prompt is too long";
constexpr std::string_view kSessionInUse = "is already in use";

Error not_authenticated() {
    return Error(
        "backend_auth_failed",
        "The credentials of the Claude Code backend are missing or were refused: whoever runs the gateway must "
        "renew them.");
}

Error no_session() {
    return Error(
        "session_not_found",
        "Claude Code does not have the conversation of this session any more: leave X-Claude-Session-ID out to "
        "begin a new one.");
}

std::chrono::seconds wait_of(std::uint64_t known_s, std::uint64_t usual_s) {
    constexpr std::uint64_t kLongest = 30u * 24u * 3600u;
    return std::chrono::seconds(std::min(known_s != 0 ? known_s : usual_s, kLongest));
}

std::string told(const FailureFacts& facts, const Redactor& redactor) {
    const std::string shown = shown_error_text(facts.text, redactor);
    if (!shown.empty()) return "Claude Code: " + shown;
    return "Claude Code reported an error and said nothing about it.";
}

Error error_of_exit(const ProcessEnd& end) {
    if (end.error_output.find(kNoConversation) != std::string::npos) return no_session();
    if (end.error_output.find(kSessionInUse) != std::string::npos) {
        return Error("backend_unavailable", "Claude Code is not ready for this session yet: try again.")
            .with_retry_after(std::chrono::seconds(1));
    }
    const std::string how = end.signal != 0 ? "was ended by signal " + std::to_string(end.signal)
                                            : "ended with exit code " + std::to_string(end.exit_code);
    return Error("internal_error", "Claude Code " + how + " before its answer was complete.");
}

}  // namespace

Error error_of_failure(const FailureFacts& facts, const Redactor& redactor) {
    switch (facts.api_status) {
        case 400:
        case 413: return Error("invalid_request", told(facts, redactor)).with_status(400, "invalid_request_error");
        case 404: return Error("model_not_found", told(facts, redactor)).with_status(400, "invalid_request_error");
        case 401:
        case 403: return not_authenticated();
        case 429:
            return Error("rate_limit_exceeded", told(facts, redactor))
                .with_retry_after(wait_of(facts.retry_after_s, kUsualRetryAfterSeconds));
        default: break;
    }
    if (facts.api_status >= 500) {
        return Error("backend_overloaded", told(facts, redactor))
            .with_retry_after(wait_of(facts.retry_after_s, kOverloadRetryAfterSeconds));
    }
    if (facts.error == "authentication_failed") return not_authenticated();
    if (facts.text.find(kNoConversation) != std::string::npos) return no_session();
    // It judges some prompts itself and asks no upstream.
    if (facts.text.find(kTooLong) != std::string::npos) return Error("invalid_request", told(facts, redactor));
    return Error("backend_error", told(facts, redactor)).with_status(500, "server_error");
}

Error error_of_end(const ProcessEnd& end, const Redactor&) {
    switch (end.cause) {
        case ProcessEnd::Cause::kNotStarted: return Error("backend_unavailable", "Claude Code could not be started.");
        case ProcessEnd::Cause::kOutputLimit:
            return Error("output_limit", "Claude Code said more than one answer may hold.");
        case ProcessEnd::Cause::kGarbage:
            return Error("backend_error", "Claude Code wrote something that is not one of its records.");
        case ProcessEnd::Cause::kExited: break;
    }
    return error_of_exit(end);
}

std::string shown_error_text(std::string_view text, const Redactor& redactor) {
    return shown_text(redactor.redact(text));
}

}  // namespace sluice::claude_code
