// The content of a message.
#pragma once

#include <simdjson.h>

#include <string_view>
#include <vector>

#include "request/chat_request.hpp"
#include "request/place.hpp"

namespace sluice::claude_code {

enum class AllowedParts {
    kText,             // of system, developer and tool messages
    kTextAndRefusals,  // of an assistant
    kTextAndImages,    // of a user
};

// Reads `content`: a string, or an array of parts. Throws sluice::Error.
std::vector<ContentPart> read_parts(const Place& place, const simdjson::dom::element& content, AllowedParts allowed,
                                    const Features& features);

// The texts of the parts with `separator` between them.
std::string text_of(const std::vector<ContentPart>& parts, std::string_view separator);

}  // namespace sluice::claude_code
