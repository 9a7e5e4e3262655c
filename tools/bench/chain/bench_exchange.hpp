// The smallest exchange that middleware can work with: a request made of given parts, the host's own attributes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/attributes.hpp"
#include "middleware/chain.hpp"
#include "sluice/ext/middleware.h"

namespace sluice::bench {

/// What differs from request to request.
struct Caller {
    std::string address = "10.0.0.1";
    std::string authorization;  ///< empty: the header is not sent
    std::string session;        ///< likewise
};

/// One exchange after another, as a connection has them. [loop-thread]
class BenchExchange {
public:
    explicit BenchExchange(sluice_loop* loop);

    /// Takes a request of `caller` through all hooks of `chain`. `caller` outlives the call. Returns what the chain
    /// made of it: CONTINUE or REFUSE.
    sluice_verdict pass(const middleware::Chain& chain, const Caller& caller);

    /// The same by halves: takes a request of `caller` into `chain`, whose links let it in.
    void enter(const middleware::Chain& chain, const Caller& caller);
    /// Takes a chunk of the answer through it; gives how many bytes came out.
    std::size_t pass_chunk(std::string_view data);
    void complete();

    const std::string& error_code() const noexcept { return error_code_; }  ///< of the last REFUSE

private:
    friend struct ExchangeEntries;

    void begin(const Caller& caller);
    sluice_verdict settle(sluice_verdict verdict) const;

    sluice_loop* loop_;
    middleware::ChainRun run_;
    sluice_request request_{};
    std::vector<sluice_header> headers_;
    http::Attributes attributes_;
    std::vector<std::pair<std::string, std::string>> overrides_;
    std::string error_code_;
    sluice_verdict resumed_with_ = SLUICE_PENDING;
};

}  // namespace sluice::bench
