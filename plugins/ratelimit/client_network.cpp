#include "client_network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace sluice::ratelimit {
namespace {

void append_number(unsigned value, std::string& out) {
    std::array<char, 10> digits;
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append_ipv4(const std::uint8_t* bytes, std::string& out) {
    for (int i = 0; i < 4; ++i) {
        if (i > 0) out += '.';
        append_number(bytes[i], out);
    }
}

void append_ipv6_prefix(const std::uint8_t* bytes, unsigned bits, std::string& out) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (unsigned i = 0; i * 8 < bits; ++i) {
        const unsigned kept = std::min(8u, bits - i * 8);
        const unsigned value = bytes[i] & (0xffu << (8 - kept)) & 0xffu;
        out += kDigits[value >> 4];
        out += kDigits[value & 15];
    }
    out += '/';
    append_number(bits, out);
}

}  // namespace

void append_client_network(std::string_view address, unsigned ipv6_prefix_bits, std::string& out) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const std::string_view plain = address.substr(0, address.find('%'));  // without a zone (RFC 4007)
    in6_addr parsed{};
    if (plain.find(':') == std::string_view::npos || plain.size() >= text.size() ||
        (std::copy(plain.begin(), plain.end(), text.begin()), inet_pton(AF_INET6, text.data(), &parsed)) != 1) {
        out += address;
    } else if (IN6_IS_ADDR_V4MAPPED(&parsed)) {
        append_ipv4(parsed.s6_addr + 12, out);
    } else {
        append_ipv6_prefix(parsed.s6_addr, ipv6_prefix_bits, out);
    }
}

}  // namespace sluice::ratelimit
