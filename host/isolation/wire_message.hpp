// How requests, answers and errors of the ABI stand in frames.
#pragma once

#include <sluice/error.h>
#include <sluice/ext/middleware.h>
#include <sluice/message.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isolation/payload.hpp"

namespace sluice::isolation {

/// Without its body, which is the payload's last field (put_rest) where the frame has one.
void put_request(PayloadWriter& out, const sluice_request& request);
void put_response(PayloadWriter& out, const sluice_response& response);
void put_error(PayloadWriter& out, const sluice_error& error);
/// `usage` may be null.
void put_usage(PayloadWriter& out, const sluice_usage* usage);
void put_summary(PayloadWriter& out, const sluice_summary& summary);

/// A request that was read; its views point into the payload.
struct ReadRequest {
    sluice_request request{};  ///< `headers` and `body` are not set: they move with the object
    std::vector<sluice_header> headers;
};
ReadRequest read_request(PayloadReader& in);

struct ReadResponse {
    sluice_response response{};  ///< `headers` is not set
    std::vector<sluice_header> headers;
};
ReadResponse read_response(PayloadReader& in);

sluice_error read_error(PayloadReader& in);
std::optional<sluice_usage> read_usage(PayloadReader& in);

/// `usage` of the summary is not set: it is the second.
std::pair<sluice_summary, std::optional<sluice_usage>> read_summary(PayloadReader& in);

/// An error with a code of the host's table.
sluice_error plain_error(std::string_view code, std::string_view message) noexcept;

}  // namespace sluice::isolation
