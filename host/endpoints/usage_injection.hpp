#pragma once

#include <string>
#include <string_view>

namespace sluice::endpoints {

/// The body of a streamed chat request, asking for usage: `stream_options.include_usage` set to true, every other byte
/// as it was. `body` is a valid JSON object; `has_stream_options` says whether it has that member. Empty where the
/// members are written with escapes or twice, so that their place is not sure.
std::string with_usage_asked_for(std::string_view body, bool has_stream_options);

}  // namespace sluice::endpoints
