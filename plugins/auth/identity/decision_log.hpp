// What becomes of requests: metrics, and lines of the log as `audit` has it.
#pragma once

#include <string_view>

#include "config.hpp"
#include "identity/denial.hpp"
#include "keys/known_key.hpp"
#include "sluice/cpp/exchange.hpp"
#include "sluice/cpp/host.hpp"

namespace sluice::auth {

// Every thread may use it.
class DecisionLog {
public:
    DecisionLog(Host host, Audit audit);

    void note_accepted(Exchange& exchange, const KnownKey& key) const;
    // Without a key, where none is needed.
    void note_anonymous() const { anonymous_.add(); }
    void note_denied(Exchange& exchange, const Denial& denial) const;
    // A key that may not do `what` ("the model gpt-4o").
    void note_forbidden(Exchange& exchange, const KnownKey& key, std::string_view what) const;

private:
    Log log_;
    Audit audit_;
    Counter accepted_;
    Counter anonymous_;
    Counter missing_;
    Counter invalid_;
    Counter expired_;
    Counter revoked_;
    Counter unavailable_;
    Counter forbidden_;
};

}  // namespace sluice::auth
