#pragma once

#include <Poco/Net/IPAddress.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/request.hpp"

namespace sluice::net {

/// Proxies whose word about the client's address is taken. Immutable. [any-thread]
class TrustedProxies {
public:
    /// `blocks` are addresses or CIDR blocks that the loader has checked; what does not parse is left out.
    explicit TrustedProxies(const std::vector<std::string>& blocks);

    /// The client of a request that came from `peer`: the last address in X-Forwarded-For that is not a trusted proxy
    /// itself, or the peer where it is not trusted or says nothing useful.
    std::string client_of(const http::Request& request, const std::string& peer) const;
    bool is_empty() const noexcept { return blocks_.empty(); }

private:
    struct Block {
        Poco::Net::IPAddress network;
        unsigned prefix_bits;
    };
    bool contains(std::string_view address) const;
    std::vector<Block> blocks_;
};

}  // namespace sluice::net
