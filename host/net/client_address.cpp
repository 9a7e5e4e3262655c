#include "net/client_address.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "http/ascii_case.hpp"

namespace sluice::net {

namespace {

bool shares_prefix(const Poco::Net::IPAddress& a, const Poco::Net::IPAddress& b, unsigned bits) {
    if (a.family() != b.family()) return false;
    const auto* left = static_cast<const unsigned char*>(a.addr());
    const auto* right = static_cast<const unsigned char*>(b.addr());
    for (unsigned bit = 0; bit < bits; bit += 8) {
        unsigned in_byte = std::min(8u, bits - bit);
        unsigned mask = (0xFFu << (8 - in_byte)) & 0xFFu;
        if ((left[bit / 8] & mask) != (right[bit / 8] & mask)) return false;
    }
    return true;
}

/// As proxies write them: POCO also takes the short forms of inet_aton, such as "1.2". Nobody is at "::" or "0.0.0.0".
bool parse_address(const std::string& text, Poco::Net::IPAddress& address) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    bool is_whole =
        inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
    return is_whole && Poco::Net::IPAddress::tryParse(text, address) && !address.isWildcard();
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& blocks) {
    for (const std::string& text : blocks) {
        std::size_t slash = text.find('/');
        Poco::Net::IPAddress network;
        if (!Poco::Net::IPAddress::tryParse(text.substr(0, slash), network)) continue;
        auto bits = static_cast<unsigned>(network.length() * 8);
        if (slash != std::string::npos) {
            unsigned given = bits;
            std::from_chars(text.data() + slash + 1, text.data() + text.size(), given);
            bits = std::min(bits, given);
        }
        blocks_.push_back({network, bits});
    }
}

bool TrustedProxies::contains(std::string_view address) const {
    Poco::Net::IPAddress parsed;
    if (!Poco::Net::IPAddress::tryParse(std::string(address), parsed)) return false;
    for (const Block& block : blocks_) {
        if (shares_prefix(block.network, parsed, block.prefix_bits)) return true;
    }
    return false;
}

std::string TrustedProxies::client_of(const http::Request& request, const std::string& peer) const {
    if (blocks_.empty() || !contains(peer)) return peer;
    std::string chain;
    for (const sluice_header& field : request.headers) {
        if (!http::equals_ignoring_case(http::view(field.name), "X-Forwarded-For")) continue;
        if (!chain.empty()) chain += ',';
        chain += http::view(field.value);
    }
    std::string_view rest = chain;
    std::string client = peer;
    while (!rest.empty()) {
        std::size_t comma = rest.rfind(',');
        std::string_view last = http::trim_blanks(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
        Poco::Net::IPAddress parsed;
        if (!parse_address(std::string(last), parsed)) break;
        client = parsed.toString();
        if (!contains(client)) break;
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
    }
    return client;
}

}  // namespace sluice::net
