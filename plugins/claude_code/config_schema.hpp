// config.schema.json, embedded at build time.
#pragma once

#include <string_view>

namespace sluice::claude_code {

extern const std::string_view kConfigSchema;

}  // namespace sluice::claude_code
