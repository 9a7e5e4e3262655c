// Times as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::auth {

// "90s", "15m", "12h", "30d": above 0, at most 100 years. nullopt for anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// Unix time of "2027-01-31" (the end of the day, UTC) or "2027-01-31T12:00:00Z". nullopt for anything else.
std::optional<std::chrono::milliseconds> parse_moment(std::string_view text);

// "2027-01-31T12:00:00Z".
std::string moment_text(std::chrono::milliseconds unix_time);

}  // namespace sluice::auth
