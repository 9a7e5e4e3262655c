// Whom a request is counted for.
#pragma once

#include <sluice/cpp/exchange.hpp>

#include <string>
#include <string_view>

#include "limit.hpp"

namespace sluice::ratelimit {

// The subjects of one request, for the time of one hook.
class Subjects {
public:
    Subjects(const Exchange& exchange, unsigned ipv6_prefix_bits) noexcept
        : exchange_(exchange), request_(exchange.request()), ipv6_prefix_bits_(ipv6_prefix_bits) {}

    const Request& request() const noexcept { return request_; }
    // Appends what tells this subject from others of its kind, at most kMaxBytes. False, and nothing is appended, where
    // the request has none: no session, no model.
    bool append(Subject subject, std::string& out) const;

    static constexpr std::size_t kMaxBytes = 128;

private:
    // A client is its key, and without one its address.
    void append_key(std::string& out) const;
    bool append_session(std::string& out) const;

    const Exchange& exchange_;
    const Request request_;
    const unsigned ipv6_prefix_bits_;
};

}  // namespace sluice::ratelimit
