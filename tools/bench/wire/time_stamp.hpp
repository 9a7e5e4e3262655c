#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::bench {

/// A send time as it stands in the `content` of a delta: "T" and 19 decimal digits of nanoseconds.
inline constexpr std::string_view kBlankStamp = "T0000000000000000000";

/// Writes `time` over the kBlankStamp.size() bytes at `target`.
void write_stamp(char* target, std::chrono::nanoseconds time);

/// The stamp in the first JSON string of `event` that holds one; nothing when there is none.
std::optional<std::chrono::nanoseconds> find_stamp(std::string_view event);

}  // namespace sluice::bench
