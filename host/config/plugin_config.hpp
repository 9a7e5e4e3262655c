#pragma once

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"
#include "config/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// The configuration to hand to a plugin. `json` holds the secrets in clear text: never log it.
/// `secrets` lists every non-empty secret value, so that it can be kept out of logs and answers.
struct ResolvedPluginConfig {
    std::string json;
    Problems problems;  ///< empty: `json` is valid; else `json` is empty
    std::vector<Secret> secrets;
};

/// Checks `raw` (JSON text of an object) against the plugin's own JSON Schema (draft-07), fills in the schema's
/// defaults, and replaces `env:NAME` and `file:/path` where the schema says `"x-secret": true`. An empty schema
/// accepts any object. Every problem's path begins with `path_prefix` (`backends.openai.config`). Never throws.
ResolvedPluginConfig resolve_plugin_config(std::string_view raw, std::string_view schema_text,
                                           std::string_view path_prefix, const Environment& environment,
                                           const Origins& origins = {});

/// The same for an instance; problems name the environment variables a value came from.
ResolvedPluginConfig resolve_plugin_config(const PluginInstance& instance, std::string_view schema_text,
                                           std::string_view path_prefix, const Environment& environment);

}  // namespace sluice::config
