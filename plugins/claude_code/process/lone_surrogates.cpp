#include "process/lone_surrogates.hpp"

#include <charconv>
#include <cstddef>

namespace sluice::claude_code {

namespace {

enum class Half { kNone, kHigh, kLow };

Half half_at(std::string_view json, std::size_t at) noexcept {
    const std::string_view escape = json.substr(at < json.size() ? at : json.size(), 6);
    if (escape.size() < 6 || !escape.starts_with("\\u")) return Half::kNone;
    unsigned code = 0;
    const auto [end, problem] = std::from_chars(escape.data() + 2, escape.data() + 6, code, 16);
    if (problem != std::errc() || end != escape.data() + 6) return Half::kNone;
    if (code >= 0xD800 && code <= 0xDBFF) return Half::kHigh;
    return code >= 0xDC00 && code <= 0xDFFF ? Half::kLow : Half::kNone;
}

}  // namespace

bool replace_lone_surrogates(std::string_view json, std::string& out) {
    out.assign(json);
    bool has_replaced = false;
    for (std::size_t at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at)) {
        const Half half = half_at(json, at);
        if (half == Half::kNone) {
            at += 2;
        } else if (half == Half::kHigh && half_at(json, at + 6) == Half::kLow) {
            at += 12;
        } else {
            out.replace(at, 6, "\\ufffd");
            has_replaced = true;
            at += 6;
        }
    }
    return has_replaced;
}

}  // namespace sluice::claude_code
