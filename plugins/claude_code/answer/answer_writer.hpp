// Where the parts of an answer go.
#pragma once

#include <sluice/cpp/usage.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::claude_code {

// What all parts of one answer have in common.
struct AnswerHead {
    std::string id;  // chatcmpl-...
    std::uint64_t created_unix_s = 0;
    std::string model;  // as the client named it
    bool wants_usage = false;
};

// The answer of one request, in the order of its parts; finish() is the last. Text passes a redactor on its way.
class AnswerWriter {
public:
    virtual ~AnswerWriter() = default;

    virtual void add_text(std::string_view text) = 0;
    virtual void add_reasoning(std::string_view text) = 0;
    // The call whose arguments come next.
    virtual void begin_tool_call(std::string_view id, std::string_view name) = 0;
    virtual void add_tool_arguments(std::string_view json_piece) = 0;
    // stop, length, tool_calls, content_filter
    virtual void finish(std::string_view finish_reason, const Usage& usage) = 0;
};

}  // namespace sluice::claude_code
