#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::observability {

/// The outcome of a call whose backend gave an answer of its own that says by its status what went wrong.
inline constexpr std::string_view kErrorStatus = "error_status";

/// One call to a backend. Text is borrowed like that of its RequestRecord.
struct AttemptRecord {
    std::string_view target;                             ///< name of the backend
    std::string_view model;                              ///< that was sent; empty: the one the client asked for
    std::string_view outcome;                            ///< "ok", an error code, or kErrorStatus
    int status = 0;                                      ///< HTTP status of its answer; 0: none came
    std::chrono::nanoseconds started{0};                 ///< from the begin of the request
    std::chrono::nanoseconds duration{0};                ///< to the backend's last word
    std::optional<std::chrono::nanoseconds> first_byte;  ///< from its start to the first byte of its answer
    bool is_answer = false;                              ///< what the client got of an answer is this one's
    std::string_view reason;  ///< why it was made: "retry", "fallback"; empty for the first one
};

/// What a hook of a middleware said; kNone: it was not asked.
enum class HookVerdict : std::uint8_t { kNone, kContinue, kReply, kRefuse, kPending, kQuarantined, kEnd, kFail };
std::string_view hook_verdict_word(HookVerdict verdict) noexcept;

/// One middleware's part in a request.
struct VerdictRecord {
    std::string_view name;
    HookVerdict head = HookVerdict::kNone;     ///< kPending: it had not resumed when the request ended
    HookVerdict request = HookVerdict::kNone;  ///< likewise
    HookVerdict answer = HookVerdict::kNone;   ///< kEnd, kFail: it ended the answer
    std::chrono::nanoseconds waited{0};        ///< how long its pending verdicts took
};

/// What is known about one request at its end: the access log is written from it, and it is kept to be explained.
/// Text and lists are borrowed; empty text and absent values mean that there is nothing to say.
/// Never prompts, answers or keys.
struct RequestRecord {
    std::chrono::system_clock::time_point time;  ///< of the end of the exchange
    std::string_view request_id;
    std::uint64_t generation = 0;
    std::string_view backend_mode;  ///< the value of X-Backend-Mode
    std::string_view route;
    std::string_view method;
    std::string_view path;   ///< shown as logged_path() cuts it
    std::string_view model;  ///< the client asked for
    int status = 0;          ///< 0: none was sent
    std::chrono::nanoseconds duration{0};
    std::optional<std::chrono::nanoseconds> first_byte;  ///< from the request's end to the first byte of the answer
    std::string_view masked_key;
    std::string_view session_id;
    std::uint32_t attempt_count = 0;  ///< calls to backends, those that are not in `attempts` included
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::optional<std::uint64_t> prompt_tokens;
    std::optional<std::uint64_t> completion_tokens;
    bool is_usage_estimated = false;
    std::string_view error_code;
    std::string_view ended_by;                ///< "backend", "client", "middleware", "deadline", "shutdown", "host"
    std::string_view phase;                   ///< in which phase of the exchange it ended
    std::span<const AttemptRecord> attempts;  ///< in their order, at most kMaxAttempts
    std::span<const VerdictRecord> verdicts;  ///< of the middleware that was reached, in the order of the chain

    static constexpr std::size_t kMaxAttempts = 16;

    /// Whether the client got something else than a complete, good answer.
    bool is_failed() const noexcept { return !error_code.empty() || status == 0 || status >= 400; }
};

inline constexpr std::size_t kMaxLoggedPathBytes = 512;

/// The path without its query, which may hold keys, and at most kMaxLoggedPathBytes of it.
std::string_view logged_path(std::string_view path) noexcept;

/// Appends the record as one JSON object, without a line end.
void append_request_json(const RequestRecord& record, std::string& out);

/// Appends the record as lines for a person.
void append_request_text(const RequestRecord& record, std::string& out);

}  // namespace sluice::observability
