#include "endpoints/usage_injection.hpp"

#include "endpoints/json_splice.hpp"

namespace sluice::endpoints {

std::string with_usage_asked_for(std::string_view body, bool has_stream_options) {
    std::size_t root = skip_blanks(body, 0);
    if (body[root] != '{') return {};
    if (!has_stream_options) return with_member(body, root, R"("stream_options":{"include_usage":true})");
    JsonPlace options = member_of(body, root, "stream_options");
    if (options.begin == kNoPlace) return {};
    std::string_view value = body.substr(options.begin, options.end - options.begin);
    if (value.front() != '{') return replaced(body, options, R"({"include_usage":true})");
    if (value.find('\\') != kNoPlace) return {};
    JsonPlace wish = member_of(body, options.begin, "include_usage");
    if (wish.begin == kNoPlace) return with_member(body, options.begin, R"("include_usage":true)");
    if (value.rfind(R"("include_usage")") + options.begin > wish.end)
        return {};  // twice: readers differ on which counts
    return replaced(body, wish, "true");
}

}  // namespace sluice::endpoints
