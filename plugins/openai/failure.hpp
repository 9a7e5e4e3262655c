// Why a call failed, before it is told to the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "abi_text.hpp"
#include "sluice/error.h"

namespace sluice::openai {

// `code` names a row of the host's error table, or anything if `http_status` and `type` are set. `message` is for the
// client: it never holds a key, a URL's user info or bytes of the upstream that were not masked.
struct Failure {
    std::string code;
    std::string message;
    int http_status = 0;  // 0 = by code
    std::string type{};   // empty = by code
    std::string param{};
    std::uint32_t retry_after_ms = 0;
    std::uint32_t flags = 0;  // SLUICE_ERROR_...
};

// The upstream cannot be reached or does not behave: 502 upstream_error.
inline Failure upstream_failure(std::string_view message) { return {"upstream_error", std::string(message)}; }

// As upstream_failure(), where not a byte of an answer had come.
inline Failure unanswered_failure(std::string_view message) {
    Failure failure = upstream_failure(message);
    failure.flags = SLUICE_ERROR_UNANSWERED;
    return failure;
}

inline Failure timeout_failure(std::string_view message) {
    Failure failure{"timeout", std::string(message)};
    failure.flags = SLUICE_ERROR_UNANSWERED;
    return failure;
}

// Borrows the texts of `failure`.
inline sluice_error to_abi(const Failure& failure) {
    return {sizeof(sluice_error), failure.flags,        failure.http_status,   failure.retry_after_ms,
            to_abi(failure.code), to_abi(failure.type), to_abi(failure.param), to_abi(failure.message)};
}

inline Failure cancelled_failure() { return {"cancelled", "the call was cancelled", 499, "server_error"}; }

}  // namespace sluice::openai
