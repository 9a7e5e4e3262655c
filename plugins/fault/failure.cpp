#include "failure.hpp"

namespace sluice::fault {
namespace {

std::string type_of_status(int status) {
    switch (status) {
        case 401: return "authentication_error";
        case 403: return "permission_error";
        case 404: return "not_found_error";
        case 429: return "rate_limit_error";
        default: return status >= 500 ? "server_error" : "invalid_request_error";
    }
}

// In a stream nothing says the status: it is derived from code and type.
int status_in_stream(const ErrorText& error, bool is_named) {
    constexpr int kNotSaid = 502;
    if (!error.code.empty()) return error.status;
    return is_named || error.type == "server_error" ? kNotSaid : error.status;
}

}  // namespace

Error upstream_failure(std::string_view message) { return {"upstream_error", std::string(message)}; }

Error unanswered_failure(std::string_view message) {
    return upstream_failure(message).with_flag(SLUICE_ERROR_UNANSWERED);
}

Error head_timeout(std::chrono::milliseconds limit) {
    return Error("timeout", "the upstream did not begin its answer within " + std::to_string(limit.count()) + " ms")
        .with_flag(SLUICE_ERROR_UNANSWERED);
}

Error cancelled_failure() { return Error("cancelled", "the call was cancelled").with_status(499, "server_error"); }

Error wrapped_failure(int status, std::optional<std::uint32_t> retry_after_s) {
    Error error =
        upstream_failure("the upstream answered with status " + std::to_string(status) + " and a body that is no JSON");
    error.with_status(status, type_of_status(status));
    if (retry_after_s) error.with_retry_after(std::chrono::seconds(*retry_after_s));
    return error;
}

Error error_event_failure(const ErrorText& error, bool is_named) {
    const int status = status_in_stream(error, is_named);
    std::string code(error.code);
    if (code.empty()) code = status == 502 ? "upstream_error" : "invalid_request";
    Error failure(code, std::string(error.message));
    failure.with_status(status, type_of_status(status)).with_param(std::string(error.param));
    return failure;
}

}  // namespace sluice::fault
