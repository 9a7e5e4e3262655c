// What the program writes: one record a line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice::claude_code {

enum class RecordKind {
    kOther,            // known to mean nothing here, or not known at all
    kMalformed,        // no JSON object
    kInit,             // system/init, at the start of every turn
    kMessageStart,     // usage
    kTextDelta,        // text
    kThinkingDelta,    // text
    kToolUseStart,     // tool_id, tool_name, block_index
    kToolInputDelta,   // text: a piece of the call's JSON; block_index
    kBlockStop,        // block_index
    kMessageDelta,     // stop_reason, usage
    kMessageStop,      //
    kSyntheticReply,   // an `assistant` record of <synthetic>: text, error; never what a model said
    kRetry,            // system/api_retry: api_status, error
    kRateLimit,        // rate_limit_event: is_error when rejected, resets_at_unix_s
    kResult,           // the end of a turn: subtype, is_error, api_status, text, stop_reason, usage, structured_output
    kControlResponse,  // request_id, is_error, text (the error), message (the answer)
    kToolChannel,      // control_request/mcp_message: request_id, message
    kControlRequest,   // any other control_request: request_id, subtype
};

// Tokens as the program counts them.
struct CliUsage {
    std::uint64_t input_tokens = 0;
    std::uint64_t cache_creation_tokens = 0;
    std::uint64_t cache_read_tokens = 0;
    std::uint64_t output_tokens = 0;
};

// Members a kind does not name are empty. Borrows from the reader and from the line: valid until the next read().
struct CliRecord {
    RecordKind kind = RecordKind::kOther;
    bool is_error = false;
    std::uint32_t block_index = 0;
    std::int32_t api_status = 0;  // 0: none
    std::uint64_t resets_at_unix_s = 0;
    std::string_view text;  // of a result: `result`, or the first of `errors`
    std::string_view error;
    std::string_view subtype;
    std::string_view stop_reason;
    std::string_view tool_id;
    std::string_view tool_name;
    std::string_view request_id;
    std::string_view message;            // one JSON value, as it was written
    std::string_view structured_output;  // one JSON value, as it was written
    std::optional<CliUsage> usage;
};

// Reads records, one after the other. Not for several threads at once.
class CliRecordReader {
public:
    CliRecordReader();
    ~CliRecordReader();
    CliRecordReader(CliRecordReader&&) noexcept;
    CliRecordReader& operator=(CliRecordReader&&) noexcept;

    // `line` is one line without its end; kPadding readable bytes follow it.
    CliRecord read(std::string_view line);
    static constexpr std::size_t kPadding = 64;

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace sluice::claude_code
