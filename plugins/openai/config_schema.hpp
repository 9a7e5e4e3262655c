// config.schema.json, embedded at build time.
#pragma once

#include <string_view>

namespace sluice::openai {

extern const std::string_view kConfigSchema;

}  // namespace sluice::openai
