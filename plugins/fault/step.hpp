// What becomes of a request: one step of a script.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "error_kind.hpp"
#include "fault.hpp"

namespace sluice::fault {

// How long an answer is, and how long it takes.
struct Pace {
    std::uint32_t tokens = 60;
    std::chrono::milliseconds head{0};         // from the request to the head
    std::chrono::milliseconds first_token{0};  // from the head to the first token
    std::chrono::milliseconds token{0};        // from token to token
    double jitter = 0;                         // each of them is up to this part shorter or longer
};

struct Step {
    Fault fault = Fault::kNone;
    ErrorKind error = ErrorKind::kByStatus;
    int status = 0;                            // of Fault::kStatus; 0 = that of the error
    std::optional<std::uint32_t> retry_after;  // seconds
    std::uint32_t after = 0;                   // tokens before the fault
    bool needs_prefill = false;                // requests that do not end with an assistant's message are answered well
    double share = 1;                          // the part of the requests it hits; the others are answered well

    // How long it holds; the last step of a script holds for ever where neither is set.
    std::optional<std::uint32_t> times;              // requests
    std::optional<std::chrono::milliseconds> until;  // since the instance's first request

    // What differs from the pace of the instance.
    std::optional<std::uint32_t> tokens;
    std::optional<std::chrono::milliseconds> head;
    std::optional<std::chrono::milliseconds> first_token;
    std::optional<std::chrono::milliseconds> token;
    std::optional<double> jitter;

    // An answer like that of an instance without a script.
    bool is_plain() const { return fault == Fault::kNone && !tokens && !head && !first_token && !token && !jitter; }
    Pace pace(const Pace& usual) const {
        return {tokens.value_or(usual.tokens), head.value_or(usual.head), first_token.value_or(usual.first_token),
                token.value_or(usual.token), jitter.value_or(usual.jitter)};
    }
};

}  // namespace sluice::fault
