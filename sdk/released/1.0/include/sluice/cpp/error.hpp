// sluice::Error: what went wrong, in the terms a client of the OpenAI API understands.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/error.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {
inline namespace v1 {

// Thrown by an author's code, or given to a call or an exchange directly. `code` names a row of the host's error table,
// which gives status and type ("unsupported_parameter", "upstream_error", "timeout", ...); a code that is not in the
// table needs with_status(). The message is shown to the client and holds no secret.
//
//     throw sluice::Error("unsupported_parameter", "tools are not supported: leave them out").with_param("tools");
class Error : public std::runtime_error {
public:
    Error(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}

    // Overrides what the error table says about the code.
    Error& with_status(int http_status, std::string type) {
        http_status_ = http_status;
        type_ = std::move(type);
        return *this;
    }
    // The parameter of the request that is at fault.
    Error& with_param(std::string param) {
        param_ = std::move(param);
        return *this;
    }
    // Sent to the client as Retry-After.
    Error& with_retry_after(std::chrono::milliseconds delay) {
        const auto longest = static_cast<std::int64_t>((std::numeric_limits<std::uint32_t>::max)());
        const std::int64_t count = delay.count() < 0 ? 0 : static_cast<std::int64_t>(delay.count());
        retry_after_ms_ = static_cast<std::uint32_t>(count > longest ? longest : count);
        return *this;
    }
    // Sets one of sluice_error_flag.
    Error& with_flag(sluice_error_flag flag) {
        flags_ |= static_cast<std::uint32_t>(flag);
        return *this;
    }

    const std::string& code() const noexcept { return code_; }
    const std::string& type() const noexcept { return type_; }
    const std::string& param() const noexcept { return param_; }
    int http_status() const noexcept { return http_status_; }
    std::chrono::milliseconds retry_after() const noexcept { return std::chrono::milliseconds(retry_after_ms_); }
    std::uint32_t flags() const noexcept { return flags_; }

    // The same for the ABI. Borrows: valid while this object is unchanged.
    sluice_error to_abi() const noexcept {
        return sluice_error{sizeof(sluice_error), flags_,        http_status_,   retry_after_ms_,
                            to_str(code_),        to_str(type_), to_str(param_), to_str(what())};
    }

private:
    std::string code_;
    std::string type_;
    std::string param_;
    std::int32_t http_status_ = 0;
    std::uint32_t retry_after_ms_ = 0;
    std::uint32_t flags_ = 0;
};

// An error of fixed text, made without allocating. The literals must outlive it.
constexpr sluice_error plain_error(std::string_view code, std::string_view message) noexcept {
    return sluice_error{sizeof(sluice_error), 0, 0, 0, to_str(code), to_str({}), to_str({}), to_str(message)};
}

// What the wrapper says where an author's code did what nobody meant to: threw something other than an Error, or let go
// of a call without ending it. With the code "internal_error" the host counts them as failures of the plugin itself.
inline constexpr std::string_view kUnexpectedFailure = "The plugin failed unexpectedly.";
inline constexpr std::string_view kGivenUp = "The backend gave the request up without an answer.";

// To be called while an exception is being handled. Hands `report` that exception as a sluice_error, and as `detail`
// what belongs into the log but not before a client's eyes: the text of an exception other than sluice::Error.
// `report` must not throw.
template <class Report>
void report_current_exception(Report&& report) noexcept {
    constexpr sluice_error kUnexpected = plain_error("internal_error", kUnexpectedFailure);
    try {
        throw;
    } catch (const Error& error) {
        report(error.to_abi(), std::string_view());
    } catch (const std::exception& exception) {
        report(kUnexpected, std::string_view(exception.what()));
    } catch (...) {
        report(kUnexpected, std::string_view("an exception that is not a std::exception"));
    }
}

}  // namespace v1
}  // namespace sluice
