#include "token_estimate.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::ratelimit {
namespace {

// What no limit reaches, and sums of which fit into 64 bits.
constexpr std::int64_t kMost = std::int64_t{1} << 52;
constexpr std::int64_t kBytesPerToken = 4;

}  // namespace

std::int64_t TokenEstimator::estimate(const Request& request, std::int64_t default_completion_tokens) {
    if (request.body_length() == 0) return 1;
    if (!request.is_json()) return std::max<std::int64_t>(1, default_completion_tokens);
    const auto choices = static_cast<std::int64_t>(std::clamp<std::uint64_t>(request.choice_count(), 1, 1024));
    const std::int64_t allowed = std::min(allowed_tokens(request, default_completion_tokens), kMost);
    const auto asked = static_cast<std::int64_t>(request.body().size()) / kBytesPerToken;
    return std::max<std::int64_t>(1, asked + allowed * choices);
}

std::int64_t TokenEstimator::allowed_tokens(const Request& request, std::int64_t fallback) {
    const std::string_view body = request.body();
    // Most requests do not say; a name written with escapes is missed, and the real usage is counted all the same.
    if (body.find("\"max_") == std::string_view::npos) return fallback;
    simdjson::ondemand::document document;
    simdjson::ondemand::object fields;
    const simdjson::padded_string_view padded(body.data(), body.size(), body.size() + SLUICE_BODY_PADDING);
    if (parser_.iterate(padded).get(document) != simdjson::SUCCESS ||
        document.get_object().get(fields) != simdjson::SUCCESS) {
        return fallback;
    }
    std::int64_t most = -1;
    for (auto field : fields) {
        std::string_view name;
        std::int64_t value = 0;
        if (field.unescaped_key().get(name) != simdjson::SUCCESS) break;
        const bool is_wanted = name == "max_tokens" || name == "max_completion_tokens" || name == "max_output_tokens";
        if (is_wanted && field.value().get_int64().get(value) == simdjson::SUCCESS) most = std::max(most, value);
    }
    return most >= 0 ? most : fallback;
}

}  // namespace sluice::ratelimit
