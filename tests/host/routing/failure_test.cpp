#include "routing/failure.hpp"

#include <catch2/catch.hpp>

#include "config/config.hpp"

using namespace sluice;
using routing::Failure;
using routing::FailureFilter;
using routing::FailureKind;

TEST_CASE("an error answer is told by its status and code", "[routing][unit]") {
    CHECK(Failure::kind_of(429, "") == FailureKind::kRateLimit);
    CHECK(Failure::kind_of(401, "invalid_api_key") == FailureKind::kAuth);
    CHECK(Failure::kind_of(403, "") == FailureKind::kAuth);
    CHECK(Failure::kind_of(400, "content_policy_violation") == FailureKind::kClientError);
    CHECK(Failure::kind_of(400, "context_length_exceeded") == FailureKind::kContextLength);
    CHECK(Failure::kind_of(503, "") == FailureKind::kServerError);
    CHECK(Failure::kind_of(504, "timeout") == FailureKind::kTimeout);
    CHECK(Failure::kind_of(504, "") == FailureKind::kServerError);
}

TEST_CASE("every word of the configuration is the name of a kind", "[routing][unit]") {
    for (std::string_view word : config::kFailureWords) {
        INFO(word);
        const FailureFilter filter({std::string(word)}, {});
        int matched = 0;
        for (int kind = 0; kind < 10; ++kind) {
            const Failure failure{static_cast<FailureKind>(kind), 0, "", 0};
            if (!filter.matches(failure)) continue;
            ++matched;
            CHECK(routing::name_of(failure.kind) == word);
        }
        CHECK(matched == 1);
    }
}

TEST_CASE("a filter takes words, statuses and codes", "[routing][unit]") {
    const FailureFilter filter({"busy", "418", "code:overloaded"}, {FailureKind::kConnect});
    CHECK(filter.matches({FailureKind::kBusy, 503, "", 0}));
    CHECK(filter.matches({FailureKind::kClientError, 418, "", 0}));
    CHECK(filter.matches({FailureKind::kServerError, 529, "overloaded", 0}));
    CHECK_FALSE(filter.matches({FailureKind::kConnect, 502, "", 0}));
}

TEST_CASE("without words a filter takes the usual failures", "[routing][unit]") {
    const FailureFilter filter({}, {FailureKind::kConnect});
    CHECK(filter.matches({FailureKind::kConnect, 502, "", 0}));
    CHECK_FALSE(filter.matches({FailureKind::kBusy, 503, "", 0}));
}

TEST_CASE("a filter says what it takes in the words of the configuration", "[routing][unit]") {
    CHECK(FailureFilter({"code:overloaded", "418", "busy"}, {}).words() ==
          std::vector<std::string>{"busy", "418", "code:overloaded"});
    CHECK(FailureFilter({}, {FailureKind::kTimeout, FailureKind::kConnect}).words() ==
          std::vector<std::string>{"connect", "timeout"});
}
