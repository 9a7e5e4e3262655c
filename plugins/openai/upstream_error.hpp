// Errors in the words of an upstream, turned into what the client is told.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "failure.hpp"

namespace sluice::openai {

// The `type` of the error schema that belongs to a status of 400 and above.
std::string_view error_type_of_status(int status);

// An answer with an error status whose body is no JSON.
Failure wrapped_failure(int status, std::uint32_t retry_after_ms);

// An error object that an upstream put into a stream before anything else; the status is derived from what it says.
Failure failure_of_error_event(simdjson::dom::element error);

}  // namespace sluice::openai
