#include "request/message_parts.hpp"

#include <algorithm>
#include <array>

#include "request/image_part.hpp"

namespace sluice::claude_code {
namespace {

namespace dom = simdjson::dom;

// Parts that exist in the API, whether or not they can be taken here.
constexpr std::array<std::string_view, 3> kForeignParts{"image_url", "input_audio", "file"};

ContentPart read_image(const Place& place, const dom::object& part) {
    const Place image = place.member("image_url");
    const dom::object source = read_object(image, required_member(place, part, "image_url", "an object"));
    const Place url = image.member("url");
    return ContentPart{{}, image_block(url, required_string(image, source, "url"))};
}

ContentPart read_part(const Place& place, const dom::element& value, AllowedParts allowed, const Features& features) {
    const dom::object part = read_object(place, value);
    const std::string_view type = required_string(place, part, "type");
    if (type == "text") return ContentPart{std::string(required_string(place, part, "text")), {}};
    if (type == "refusal" && allowed == AllowedParts::kTextAndRefusals) {
        return ContentPart{std::string(required_string(place, part, "refusal")), {}};
    }
    if (type == "image_url" && allowed == AllowedParts::kTextAndImages && features.has_images) {
        return read_image(place, part);
    }
    if (std::find(kForeignParts.begin(), kForeignParts.end(), type) != kForeignParts.end()) {
        refuse_unsupported(place, "a part of type " + std::string(type) + " is", "Leave it out, or put it into words.");
    }
    refuse(place.member("type"), shown(type), "\"text\"");
}

}  // namespace

std::vector<ContentPart> read_parts(const Place& place, const dom::element& content, AllowedParts allowed,
                                    const Features& features) {
    std::vector<ContentPart> parts;
    if (content.is_string()) {
        parts.push_back(ContentPart{std::string(read_string(place, content)), {}});
        return parts;
    }
    if (!content.is_array()) refuse_type(place, content, "a string or an array of parts");
    for (const dom::element each : read_array(place, content)) {
        parts.push_back(read_part(place.element(parts.size()), each, allowed, features));
    }
    return parts;
}

std::string text_of(const std::vector<ContentPart>& parts, std::string_view separator) {
    std::string text;
    for (const ContentPart& part : parts) {
        if (part.text.empty()) continue;
        if (!text.empty()) text += separator;
        text += part.text;
    }
    return text;
}

}  // namespace sluice::claude_code
