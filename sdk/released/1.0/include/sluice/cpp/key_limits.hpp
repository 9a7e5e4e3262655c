// The attribute "key.limits": limits that belong to a key rather than to the configuration.
#pragma once

#include "sluice/cpp/text.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice {
inline namespace v1 {

// Who knows the key (an auth middleware) sets them, who limits (a later middleware) applies them in place of its own
// limits of the same kind. As text: "requests=100/60000 concurrent=10 tokens=50000/60000", the windows in milliseconds,
// any part left out.
struct KeyLimits {
    struct Window {
        std::int64_t count = 0;
        std::chrono::milliseconds window{0};
        bool operator==(const Window& other) const noexcept { return count == other.count && window == other.window; }
    };
    std::optional<Window> requests;
    std::optional<std::int64_t> concurrent;
    std::optional<Window> tokens;

    bool operator==(const KeyLimits& other) const noexcept {
        return requests == other.requests && concurrent == other.concurrent && tokens == other.tokens;
    }
    bool is_empty() const noexcept { return !requests && !concurrent && !tokens; }

    std::string text() const {
        std::string out;
        const auto add = [&out](std::string_view name, std::int64_t count, const std::chrono::milliseconds* window) {
            out += out.empty() ? "" : " ";
            out += std::string(name) + "=" + std::to_string(count);
            if (window != nullptr) {
                out += "/" + std::to_string(window->count());
            }
        };
        if (requests) {
            add("requests", requests->count, &requests->window);
        }
        if (concurrent) {
            add("concurrent", *concurrent, nullptr);
        }
        if (tokens) {
            add("tokens", tokens->count, &tokens->window);
        }
        return out;
    }

    // nullopt if `text` has another form; unknown names are passed over. Does not allocate.
    static std::optional<KeyLimits> parse(std::string_view text) noexcept {
        KeyLimits limits;
        while (!text.empty()) {
            const std::size_t end = text.find(' ') == std::string_view::npos ? text.size() : text.find(' ');
            const std::string_view part = text.substr(0, end);
            text.remove_prefix(end == text.size() ? end : end + 1);
            const std::size_t equals = part.find('=');
            if (equals == std::string_view::npos) {
                return std::nullopt;
            }
            const std::string_view name = part.substr(0, equals);
            const std::optional<Window> value = parse_window(part.substr(equals + 1));
            const bool has_window = value && value->window.count() > 0;
            if (!value || (name != "concurrent" && !has_window)) {
                return std::nullopt;
            }
            if (name == "requests") {
                limits.requests = value;
            } else if (name == "concurrent") {
                limits.concurrent = value->count;
            } else if (name == "tokens") {
                limits.tokens = value;
            }
        }
        return limits;
    }

private:
    // "100/60000", or "100" with a window of 0.
    static std::optional<Window> parse_window(std::string_view text) noexcept {
        Window value;
        const char* end = text.data() + text.size();
        auto [at, problem] = std::from_chars(text.data(), end, value.count);
        if (problem != std::errc() || value.count < 0) {
            return std::nullopt;
        }
        if (at == end) {
            return value;
        }
        std::int64_t window_ms = 0;
        const auto [last, failure] = std::from_chars(at + 1, end, window_ms);
        if (*at != '/' || failure != std::errc() || last != end || window_ms <= 0) {
            return std::nullopt;
        }
        value.window = std::chrono::milliseconds(window_ms);
        return value;
    }
};

}  // namespace v1
}  // namespace sluice
