// How many tokens a request will take, before anybody knows.
#pragma once

#include <simdjson.h>

#include <sluice/cpp/request.hpp>

#include <cstdint>

namespace sluice::ratelimit {

// Belongs to one loop: it keeps its memory for the next request.
class TokenEstimator {
public:
    // A quarter of the body's bytes, and for each of the answers the client asks for (n) what it allows them
    // (max_completion_tokens, max_tokens, max_output_tokens), else `default_completion_tokens`. Of a body that is no
    // JSON the bytes do not count, and without a body nothing does. At least 1.
    std::int64_t estimate(const Request& request, std::int64_t default_completion_tokens);

private:
    std::int64_t allowed_tokens(const Request& request, std::int64_t fallback);

    simdjson::ondemand::parser parser_;
};

}  // namespace sluice::ratelimit
