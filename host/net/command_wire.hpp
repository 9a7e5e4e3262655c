#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/plugin_instance.hpp"
#include "result.hpp"

namespace sluice::net {

/// Largest body of a request that runs a command.
inline constexpr std::size_t kMaxCommandRequestBytes = 1 << 20;

/// How a command travels between `sluice` and the gateway that runs it: {"arguments":[...]} there,
/// {"exit_code","output","errors"} back. Reading fails with what was found and what was expected.
std::string command_request_json(const std::vector<std::string>& arguments);
Result<std::vector<std::string>> read_command_request(const std::string& json);
std::string command_outcome_json(const plugin::CommandOutcome& outcome);
Result<plugin::CommandOutcome> read_command_outcome(const std::string& json);

/// The message of {"error":{"message"}}; the text itself where it is something else.
std::string read_error_message(const std::string& json);

}  // namespace sluice::net
