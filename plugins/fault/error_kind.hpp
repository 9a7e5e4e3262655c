// The errors an OpenAI-compatible upstream reports, word for word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::fault {

enum class ErrorKind {
    kByStatus,  // whatever belongs to the status
    kRateLimit,
    kQuota,
    kContextLength,
    kContentPolicy,
    kPrefill,
    kInvalid,
    kKey,
    kModel,
    kServer,
    kOverloaded,
    kHtml  // a page instead of JSON
};

struct ErrorText {
    std::string_view name;  // in configurations and headers
    int status;             // where the step names none
    std::string_view message;
    std::string_view type;
    std::string_view param;  // empty = null
    std::string_view code;   // empty = null
};

inline constexpr std::size_t kErrorKinds = 12;
extern const std::array<ErrorText, kErrorKinds> kErrorTexts;  // in the order of the enumerators

inline const ErrorText& text_of(ErrorKind kind) { return kErrorTexts[static_cast<std::size_t>(kind)]; }

// What an upstream reports with `status` unless a step says otherwise.
ErrorKind error_of_status(int status);

// {"error":{"message":…,"type":…,"param":…,"code":…}}
std::string error_json(const ErrorText& error);
// The same as an event of the Responses API: {"type":"error",…}
std::string named_error_json(const ErrorText& error, std::uint64_t sequence_number);

}  // namespace sluice::fault
