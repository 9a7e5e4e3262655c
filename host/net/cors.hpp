#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "config/config.hpp"
#include "http/request.hpp"

namespace sluice::net {

/// Cross-origin rules (WHATWG Fetch, "CORS protocol"). Immutable. [any-thread]
class Cors {
public:
    explicit Cors(const config::Cors& config);

    /// Header lines for an answer to this origin; empty where there is no origin or it is not allowed.
    std::string_view answer_lines(std::string_view origin) const;
    /// True for a preflight: OPTIONS with Origin and Access-Control-Request-Method.
    static bool is_preflight(const http::Request& request) noexcept;
    /// Header lines of the answer to an allowed preflight, with what it asked for; empty where it is refused.
    std::string preflight_lines(const http::Request& request) const;

private:
    std::unordered_map<std::string, std::string> lines_by_origin_;
    bool allows_any_ = false;
    std::string any_origin_lines_;
};

}  // namespace sluice::net
