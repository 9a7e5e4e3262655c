#include "base_url.hpp"

#include <charconv>

#include "ascii_case.hpp"

namespace sluice::openai {
namespace {

constexpr std::string_view kVersionPrefix = "/v1";
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = to_lower_ascii(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape =
            text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        if (!is_escape) {
            out.push_back(text[i]);
            continue;
        }
        out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
        i += 2;
    }
    return out;
}

bool is_visible_ascii(std::string_view text) {
    for (const char c : text) {
        if (c <= ' ' || c >= 0x7f) return false;
    }
    return true;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535) return false;
    port = static_cast<std::uint16_t>(value);
    return true;
}

bool parse_authority(std::string_view text, BaseUrl& url, std::string& problem) {
    const auto at = text.rfind('@');
    if (at != std::string_view::npos) {
        url.user_info = percent_decoded(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    std::string_view host = text;
    std::string_view port;
    if (!text.empty() && text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos) {
            problem = "the address misses its closing bracket";
            return false;
        }
        host = text.substr(1, close - 1);
        text.remove_prefix(close + 1);
        if (!text.empty() && text.front() != ':') {
            problem = "expected ':' and a port behind the address";
            return false;
        }
        port = text.empty() ? text : text.substr(1);
    } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    if (host.empty()) {
        problem = "it names no host";
        return false;
    }
    for (const char c : host) url.host.push_back(to_lower_ascii(c));
    url.port = url.is_https ? kHttpsPort : kHttpPort;
    if (!port.empty() && !parse_port(port, url.port)) {
        problem = "the port '" + std::string(port) + "' is not a number from 1 to 65535";
        return false;
    }
    return true;
}

}  // namespace

std::string BaseUrl::authority() const {
    const bool is_default_port = port == (is_https ? kHttpsPort : kHttpPort);
    if (!is_default_port) return host_and_port();
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string BaseUrl::host_and_port() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return name + ":" + std::to_string(port);
}

bool parse_base_url(std::string_view text, BaseUrl& url, std::string& problem) {
    if (!is_visible_ascii(text)) {
        problem = "it holds blanks, control characters or characters beyond ASCII";
        return false;
    }
    if (starts_with_ignoring_case(text, "https://")) {
        url.is_https = true;
        text.remove_prefix(8);
    } else if (starts_with_ignoring_case(text, "http://")) {
        text.remove_prefix(7);
    } else {
        problem = "it does not begin with http:// or https://";
        return false;
    }
    if (const auto fragment = text.find('#'); fragment != std::string_view::npos) text = text.substr(0, fragment);
    if (const auto question = text.find('?'); question != std::string_view::npos) {
        url.query = text.substr(question + 1);
        text = text.substr(0, question);
    }
    const auto slash = text.find('/');
    if (slash != std::string_view::npos) {
        std::string_view path = text.substr(slash);
        while (!path.empty() && path.back() == '/') path.remove_suffix(1);
        url.path = path;
        text = text.substr(0, slash);
    }
    return parse_authority(text, url, problem);
}

void append_target(const BaseUrl& base, std::string_view client_path, std::string_view client_query, std::string& out) {
    if (client_path.substr(0, kVersionPrefix.size()) == kVersionPrefix)
        client_path.remove_prefix(kVersionPrefix.size());
    out.append(base.path).append(client_path);
    if (base.path.empty() && client_path.empty()) out.push_back('/');
    if (base.query.empty() && client_query.empty()) return;
    out.push_back('?');
    out.append(base.query);
    if (!base.query.empty() && !client_query.empty()) out.push_back('&');
    out.append(client_query);
}

bool has_dot_segment(std::string_view path) {
    if (path.find('.') == std::string_view::npos && path.find('%') == std::string_view::npos) return false;
    std::size_t dots = 0;
    std::size_t others = 0;
    for (std::size_t i = 0; i <= path.size(); ++i) {
        if (i == path.size() || path[i] == '/') {
            if (others == 0 && (dots == 1 || dots == 2)) return true;
            dots = others = 0;
            continue;
        }
        const bool is_encoded_dot =
            path[i] == '%' && i + 2 < path.size() && path[i + 1] == '2' && to_lower_ascii(path[i + 2]) == 'e';
        if (is_encoded_dot) i += 2;
        if (is_encoded_dot || path[i] == '.')
            ++dots;
        else
            ++others;
    }
    return false;
}

}  // namespace sluice::openai
