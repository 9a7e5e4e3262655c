#include "config/address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <string_view>

namespace sluice::config {
namespace {

bool is_ipv4(const std::string& text) {
    in_addr address{};
    return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& text) {
    in6_addr address{};
    return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

/// A decimal number without sign; nothing when it is larger than `highest` or no number.
std::optional<unsigned> read_number(std::string_view text, unsigned highest) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = error == std::errc() && end == text.data() + text.size();
    return is_whole && number <= highest ? std::optional<unsigned>(number) : std::nullopt;
}

}  // namespace

bool is_address(const std::string& text) { return is_ipv4(text) || is_ipv6(text); }

bool is_address_block(const std::string& text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return is_address(text);
    const std::string address = text.substr(0, slash);
    if (!is_address(address)) return false;
    return read_number(std::string_view(text).substr(slash + 1), is_ipv4(address) ? 32 : 128).has_value();
}

std::optional<AddressAndPort> read_address_and_port(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto port = read_number(std::string_view(text).substr(colon + 1), 65535);
    if (!port) return std::nullopt;
    const std::string host = text.substr(0, colon);
    const auto port_number = static_cast<std::uint16_t>(*port);
    if (is_ipv4(host)) return AddressAndPort{host, port_number};
    if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
    const std::string inner = host.substr(1, host.size() - 2);
    return is_ipv6(inner) ? std::optional(AddressAndPort{inner, port_number}) : std::nullopt;
}

}  // namespace sluice::config
