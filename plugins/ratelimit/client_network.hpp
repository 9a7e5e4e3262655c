// Which addresses count as one client.
#pragma once

#include <string>
#include <string_view>

namespace sluice::ratelimit {

// Appends the network that `address` belongs to: of an IPv6 address its first `ipv6_prefix_bits` ("20010db8.../64"),
// because one subscriber has all addresses behind them; an IPv4 address as it is, also where it is written as an
// IPv4-mapped IPv6 address. A text that is no address is appended as it is.
void append_client_network(std::string_view address, unsigned ipv6_prefix_bits, std::string& out);

}  // namespace sluice::ratelimit
