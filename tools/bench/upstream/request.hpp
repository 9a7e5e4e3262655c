#pragma once

#include <optional>
#include <string>

#include "upstream/stream_plan.hpp"

namespace sluice::bench {

/// What the upstream wants to know of a request.
struct Request {
    enum class Kind { kModels, kCompletion, kStream, kUnsupportedBody };

    Kind kind = Kind::kCompletion;
    bool closes_connection = false;
    StreamPlan plan;
};

/// Takes the first complete request out of `received`. Nothing when its end has not arrived yet.
/// `defaults` is the plan of a stream whose request names none, by `X-Stream-N`, `X-Stream-D` and
/// `X-Stream-Bytes`, or by `X-Stainless-Stream: n=50,d=20`, a name that gateways let pass.
std::optional<Request> take_request(std::string& received, const StreamPlan& defaults);

}  // namespace sluice::bench
