// What of a message is fit for a stranger's eyes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::claude_code {

// `text` in one line, without stack traces, with "[path]" and "[environment]" in the place of absolute paths and of
// NAME=value, cut to kShownTextLimit bytes.
std::string shown_text(std::string_view text);
constexpr std::size_t kShownTextLimit = 500;

}  // namespace sluice::claude_code
