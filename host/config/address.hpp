#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::config {

/// Whether the text is an IPv4 or IPv6 address, without brackets, port or zone.
bool is_address(const std::string& text);

/// Whether the text is an address, or a block such as `10.0.0.0/8` or `fd00::/8`.
bool is_address_block(const std::string& text);

struct AddressAndPort {
    std::string host;  ///< without brackets
    std::uint16_t port = 0;
};

/// Reads `127.0.0.1:9345` or `[::1]:9345`; nothing for any other text.
std::optional<AddressAndPort> read_address_and_port(const std::string& text);

}  // namespace sluice::config
