#include "request/image_part.hpp"

#include <sluice/cpp/json_text.hpp>

#include <algorithm>
#include <array>

namespace sluice::claude_code {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

bool begins_with(std::string_view text, std::string_view lower_case_start) {
    return lower_case(text.substr(0, lower_case_start.size())) == lower_case_start;
}

bool is_base64(std::string_view text) noexcept {
    if (text.empty() || text.size() % 4 != 0) return false;
    for (int padding = 0; padding < 2 && text.back() == '='; ++padding) text.remove_suffix(1);
    return std::all_of(text.begin(), text.end(), [](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || c == '+' || c == '/';
    });
}

// jpg is no media type, but many clients take it for one.
std::string_view media_type_of(std::string_view name) {
    constexpr std::array<std::string_view, 4> kTypes{"image/png", "image/jpeg", "image/gif", "image/webp"};
    const std::string lower = lower_case(name);
    if (lower == "image/jpg") return "image/jpeg";
    const auto found = std::find(kTypes.begin(), kTypes.end(), lower);
    return found == kTypes.end() ? std::string_view() : *found;
}

std::string data_block(const Place& place, std::string_view rest) {
    const std::size_t comma = rest.find(',');
    const std::string_view head = rest.substr(0, comma);
    const std::size_t semicolon = std::min(head.find(';'), head.size());
    if (comma == rest.npos || lower_case(head.substr(semicolon)) != ";base64") {
        refuse(place, "data: and " + shown(head), "data:<type>;base64,<data>");
    }
    const std::string_view type = media_type_of(head.substr(0, semicolon));
    if (type.empty()) {
        refuse(place, "media type " + shown(head.substr(0, semicolon)),
               "image/png, image/jpeg, image/gif or image/webp");
    }
    const std::string_view bytes = rest.substr(comma + 1);
    if (!is_base64(bytes)) refuse(place, "data that is not base64", "base64 with its padding, without blanks");
    std::string block = R"({"type":"image","source":{"type":"base64","media_type":")";
    return block.append(type).append(R"(","data":")").append(bytes).append("\"}}");
}

std::string url_block(const Place& place, std::string_view url) {
    const auto is_odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
    if (std::any_of(url.begin(), url.end(), is_odd)) refuse(place, "a URL with blanks", "one without");
    if (url.size() > kMaxUrlBytes) {
        refuse(place, "a URL of " + std::to_string(url.size()) + " bytes", "at most " + std::to_string(kMaxUrlBytes));
    }
    std::string block = R"({"type":"image","source":{"type":"url","url":)";
    append_json_string(block, url);
    return block + "}}";
}

}  // namespace

std::string image_block(const Place& place, std::string_view url) {
    constexpr std::string_view kData = "data:";
    if (begins_with(url, kData)) return data_block(place, url.substr(kData.size()));
    if (begins_with(url, "https://")) return url_block(place, url);
    refuse(place, shown(url.substr(0, 16)), "a URL that begins with https:// or data:");
}

}  // namespace sluice::claude_code
