#include "limit_headers.hpp"

#include <array>
#include <charconv>
#include <string_view>

namespace sluice::ratelimit {
namespace {

// How many further requests fit into the limit that is shown: what the instances of a chain tell each other.
constexpr std::string_view kNearest = "ratelimit.nearest";

class Digits {
public:
    explicit Digits(std::int64_t number) noexcept
        : end_(std::to_chars(text_.data(), text_.data() + text_.size(), number).ptr) {}
    std::string_view view() const noexcept { return {text_.data(), static_cast<std::size_t>(end_ - text_.data())}; }

private:
    std::array<char, 24> text_;
    const char* end_;
};

}  // namespace

void show(Exchange& exchange, const Standing& standing, Clock clock) {
    const std::chrono::microseconds reset = clock.unix_time() + standing.wait;
    exchange.set_response_header("X-RateLimit-Limit", Digits(standing.limit).view());
    exchange.set_response_header("X-RateLimit-Remaining", Digits(standing.remaining).view());
    exchange.set_response_header("X-RateLimit-Reset",
                                 Digits(std::chrono::ceil<std::chrono::seconds>(reset).count()).view());
    exchange.set_attribute(kNearest, Digits(standing.fitting).view());
}

void show_if_nearest(Exchange& exchange, const Standing& standing, Clock clock) {
    const std::string_view text = exchange.attribute(kNearest);
    std::int64_t shown = 0;
    const bool is_shown = std::from_chars(text.data(), text.data() + text.size(), shown).ec == std::errc();
    if (!is_shown || standing.fitting < shown) show(exchange, standing, clock);
}

}  // namespace sluice::ratelimit
