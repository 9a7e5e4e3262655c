#include "jwt/claims.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <variant>

using namespace sluice::auth::jwt;
using namespace std::chrono_literals;

namespace {

const std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'000'000)};
const std::string kRight = R"("iss":"https://issuer","aud":"sluice","sub":"alice")";

std::variant<TokenHolder, Refusal> judged(const std::string& members, const std::string& id_claim = "sub") {
    return judge_claims("{" + members + "}", {"https://issuer", {"sluice", "other"}, 30s, id_claim}, kNow);
}

std::optional<Refusal> refusal(const std::string& members) {
    const auto verdict = judged(members);
    const Refusal* const refused = std::get_if<Refusal>(&verdict);
    return refused == nullptr ? std::nullopt : std::optional(*refused);
}

std::optional<Refusal> refusal_of_times(const std::string& times) { return refusal(kRight + "," + times); }

}  // namespace

TEST_CASE("a token ends with its expiry and the leeway", "[auth][jwt][unit]") {
    CHECK_FALSE(refusal_of_times(R"("exp":1000001)"));
    CHECK_FALSE(refusal_of_times(R"("exp":999971)"));
    CHECK(refusal_of_times(R"("exp":999970)") == Refusal::kExpired);
    CHECK(refusal_of_times(R"("exp":0)") == Refusal::kExpired);
    CHECK(refusal_of_times(R"("exp":-5)") == Refusal::kExpired);
    CHECK(refusal(kRight) == Refusal::kNoExpiry);
    CHECK_FALSE(refusal_of_times(R"("exp":999970.5)"));
    for (const char* wrong : {R"("exp":"1000001")", R"("exp":null)", R"("exp":true)", R"("exp":1e13)",
                              R"("exp":1000000000000000000)", R"("exp":-1e300)"}) {
        INFO(wrong);
        CHECK(refusal_of_times(wrong) == Refusal::kInvalidClaim);
    }
}

TEST_CASE("the holder is told with the end of the token", "[auth][jwt][unit]") {
    const auto holder = std::get<TokenHolder>(judged(kRight + R"(,"exp":1000100)"));
    CHECK(holder.id == "alice");
    CHECK(holder.expires == kNow + 130s);
    // Beyond what the clock can count.
    const auto late = std::get<TokenHolder>(judged(kRight + R"(,"exp":999999999999)"));
    CHECK(late.expires > kNow + std::chrono::hours(24 * 365 * 200));
}

TEST_CASE("a token is not good before its beginning and the leeway", "[auth][jwt][unit]") {
    CHECK_FALSE(refusal_of_times(R"("exp":2000000,"nbf":1000030,"iat":1000030)"));
    CHECK(refusal_of_times(R"("exp":2000000,"nbf":1000031)") == Refusal::kNotYetValid);
    CHECK(refusal_of_times(R"("exp":2000000,"iat":1000031)") == Refusal::kIssuedInFuture);
    CHECK(refusal_of_times(R"("exp":2000000,"nbf":"0")") == Refusal::kInvalidClaim);
    CHECK(refusal_of_times(R"("exp":2000000,"iat":[])") == Refusal::kInvalidClaim);
}

TEST_CASE("the audience is one of those that are accepted, alone or in a list", "[auth][jwt][unit]") {
    const auto with_audience = [](const std::string& audience) {
        return refusal(R"("iss":"https://issuer","sub":"alice","exp":2000000)" + audience);
    };
    CHECK_FALSE(with_audience(R"(,"aud":"other")"));
    CHECK_FALSE(with_audience(R"(,"aud":["x","sluice"])"));
    CHECK(with_audience("") == Refusal::kWrongAudience);
    CHECK(with_audience(R"(,"aud":"Sluice")") == Refusal::kWrongAudience);
    CHECK(with_audience(R"(,"aud":"sluice ")") == Refusal::kWrongAudience);
    CHECK(with_audience(R"(,"aud":[])") == Refusal::kWrongAudience);
    CHECK(with_audience(R"(,"aud":["x"])") == Refusal::kWrongAudience);
    CHECK(with_audience(R"(,"aud":["sluice",1])") == Refusal::kInvalidClaim);
    CHECK(with_audience(R"(,"aud":{"sluice":1})") == Refusal::kInvalidClaim);
}

TEST_CASE("the issuer is the one that is accepted, character by character", "[auth][jwt][unit]") {
    const auto with_issuer = [](const std::string& issuer) {
        return refusal(issuer + R"("aud":"sluice","sub":"alice","exp":2000000)");
    };
    CHECK_FALSE(with_issuer(R"("iss":"https:\/\/issuer",)"));
    CHECK(with_issuer("") == Refusal::kWrongIssuer);
    CHECK(with_issuer(R"("iss":"https://issuer/",)") == Refusal::kWrongIssuer);
    CHECK(with_issuer(R"("iss":["https://issuer"],)") == Refusal::kInvalidClaim);
}

TEST_CASE("a token says who its holder is", "[auth][jwt][unit]") {
    const auto with_id = [](const std::string& id) {
        return refusal(R"("iss":"https://issuer","aud":"sluice","exp":2000000)" + id);
    };
    CHECK(with_id("") == Refusal::kNoIdentity);
    CHECK(with_id(R"(,"sub":"")") == Refusal::kNoIdentity);
    CHECK(with_id(R"(,"sub":7)") == Refusal::kInvalidClaim);
    CHECK(with_id(R"(,"sub":"a\nb")") == Refusal::kInvalidClaim);
    CHECK(with_id(R"(,"sub":"a\u007f")") == Refusal::kInvalidClaim);
    CHECK_FALSE(with_id(R"(,"sub":")" + std::string(256, 'a') + "\""));
    CHECK(with_id(R"(,"sub":")" + std::string(257, 'a') + "\"") == Refusal::kInvalidClaim);
    const auto holder = judged(kRight + R"(,"exp":2000000,"email":"a@b")", "email");
    CHECK(std::get<TokenHolder>(holder).id == "a@b");
}

TEST_CASE("claims that could be read in two ways are refused", "[auth][jwt][unit]") {
    CHECK(refusal(kRight + R"(,"exp":2000000,"exp":1)") == Refusal::kMalformed);
    CHECK(refusal(kRight + R"(,"sub":"bob","exp":2000000)") == Refusal::kMalformed);
    CHECK(refusal("\"exp\"") == Refusal::kMalformed);
    CHECK(std::get<Refusal>(judge_claims("[]", {}, kNow)) == Refusal::kMalformed);
}
