// Failures as the openai plugin reports them to the gateway: same codes, statuses, types, flags and words.
#pragma once

#include <sluice/cpp/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "error_kind.hpp"

namespace sluice::fault {

// The upstream began to answer and does not behave.
Error upstream_failure(std::string_view message);
// Not a byte of an answer has come: another target may be tried.
Error unanswered_failure(std::string_view message);
Error head_timeout(std::chrono::milliseconds limit);
Error cancelled_failure();
// An error answer whose body is no JSON.
Error wrapped_failure(int status, std::optional<std::uint32_t> retry_after_s);
// An error inside a stream. `is_named`: as an event of the Responses API, which does not say the type.
Error error_event_failure(const ErrorText& error, bool is_named);

}  // namespace sluice::fault
