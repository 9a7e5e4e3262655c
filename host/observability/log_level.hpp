#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::observability {

/// How much a line matters. As a threshold, kSilent lets nothing through.
enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kFatal, kSilent };

enum class LogFormat : std::uint8_t { kJson, kPretty };

/// The level named "trace", "debug", "info", "warn", "error", "fatal" or "silent"; nothing for any other text.
std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

/// The format named "json" or "pretty"; nothing for any other text.
std::optional<LogFormat> parse_log_format(std::string_view text) noexcept;

/// The name parse_log_level() reads. Static text.
std::string_view log_level_name(LogLevel level) noexcept;

}  // namespace sluice::observability
