// Failures of the program as the client sees them.
#pragma once

#include <sluice/cpp/error.hpp>

#include <string>
#include <string_view>

#include "answer/redactor.hpp"
#include "process/cli_process.hpp"
#include "process/cli_record.hpp"

namespace sluice::claude_code {

// What is known of a failed turn when its result comes.
struct FailureFacts {
    int api_status = 0;               // of the upstream, 0: none
    std::string error;                // the program's word: rate_limit, authentication_failed, ...
    std::string text;                 // what it says to its user
    std::uint64_t retry_after_s = 0;  // 0: not known
};

// By the table of the HTTP contract, section 5.
Error error_of_failure(const FailureFacts& facts, const Redactor& redactor);
Error error_of_end(const ProcessEnd& end, const Redactor& redactor);

// A text of the program that may be shown to a client: secrets, paths, environment and stack traces are gone, and it is
// of a length one reads.
std::string shown_error_text(std::string_view text, const Redactor& redactor);

}  // namespace sluice::claude_code
