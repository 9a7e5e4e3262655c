#include "sluice/cpp/error.hpp"

#include <catch2/catch.hpp>

#include <new>
#include <stdexcept>
#include <string>

namespace {

struct Reported {
    std::string code;
    std::string message;
    std::string detail;
};

template <class Exception>
Reported report(const Exception& exception) {
    Reported reported;
    try {
        throw exception;
    } catch (...) {
        sluice::report_current_exception([&reported](const sluice_error& error, std::string_view detail) {
            reported = {std::string(sluice::to_view(error.code)), std::string(sluice::to_view(error.message)),
                        std::string(detail)};
        });
    }
    return reported;
}

}  // namespace

TEST_CASE("an error carries everything the table of errors may be overridden with", "[sdk][unit]") {
    const sluice::Error error = sluice::Error("slow_down", "too fast")
                                    .with_status(429, "rate_limit_error")
                                    .with_param("model")
                                    .with_retry_after(std::chrono::seconds(2))
                                    .with_flag(SLUICE_ERROR_UNANSWERED);
    const sluice_error abi = error.to_abi();

    CHECK(abi.struct_size == sizeof(sluice_error));
    CHECK(sluice::to_view(abi.code) == "slow_down");
    CHECK(sluice::to_view(abi.message) == "too fast");
    CHECK(sluice::to_view(abi.type) == "rate_limit_error");
    CHECK(sluice::to_view(abi.param) == "model");
    CHECK(abi.http_status == 429);
    CHECK(abi.retry_after_ms == 2000);
    CHECK(abi.flags == SLUICE_ERROR_UNANSWERED);
}

TEST_CASE("a delay that does not fit is bounded instead of wrapped", "[sdk][unit]") {
    CHECK(sluice::Error("c", "m").with_retry_after(std::chrono::hours(24 * 365)).to_abi().retry_after_ms == UINT32_MAX);
    CHECK(sluice::Error("c", "m").with_retry_after(std::chrono::milliseconds(-1)).to_abi().retry_after_ms == 0);
}

TEST_CASE("the client sees the text of a sluice::Error and of no other exception", "[sdk][unit]") {
    const Reported expected = report(sluice::Error("timeout", "took too long"));
    CHECK(expected.code == "timeout");
    CHECK(expected.message == "took too long");
    CHECK(expected.detail.empty());

    for (const Reported& unexpected :
         {report(std::runtime_error("password is hunter2")), report(std::bad_alloc()), report(5)}) {
        CHECK(unexpected.code == "internal_error");
        CHECK(unexpected.message == "The plugin failed unexpectedly.");
        CHECK_FALSE(unexpected.detail.empty());
    }
    CHECK(report(std::runtime_error("password is hunter2")).detail == "password is hunter2");
}
