// Pictures of a message.
#pragma once

#include <string>
#include <string_view>

#include "request/place.hpp"

namespace sluice::claude_code {

// An `image` block, one line of JSON, for the `url` of an image_url part: the data itself (data:image/...;base64,) or
// an https address, which Anthropic reads. Throws sluice::Error about `place`.
std::string image_block(const Place& place, std::string_view url);

}  // namespace sluice::claude_code
