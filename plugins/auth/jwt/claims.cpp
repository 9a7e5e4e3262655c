#include "jwt/claims.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "jwt/json_object.hpp"

namespace sluice::auth::jwt {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxClaims = 256;
// What lies beyond, some 30,000 years from now, is no time; milliseconds that are sent as seconds are found by it.
constexpr double kMaxSeconds = 1e12;
// Somewhat less than the 9.22e9 seconds (until 2262) that the clock's 64 bits of nanoseconds can count, so that there
// is room for a leeway: a later expiry is taken to be this one.
constexpr double kLastCountableSecond = 9e9;

// NumericDate: seconds since 1970, which may have a fraction (RFC 7519, section 2).
Member read_seconds(dom::object claims, std::string_view name, double& value) {
    dom::element element;
    if (claims[name].get(element) != simdjson::SUCCESS) return Member::kAbsent;
    if (!element.is_number() || element.get(value) != simdjson::SUCCESS) return Member::kOtherKind;
    return std::abs(value) <= kMaxSeconds ? Member::kRead : Member::kOtherKind;
}

double seconds_of(std::chrono::system_clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::optional<Refusal> judge_times(dom::object claims, const ClaimRules& rules,
                                   std::chrono::system_clock::time_point time, TokenHolder& holder) {
    const double now = seconds_of(time);
    const double leeway = static_cast<double>(rules.leeway.count());
    double seconds = 0;
    const Member expiry = read_seconds(claims, "exp", seconds);
    if (expiry == Member::kAbsent) return Refusal::kNoExpiry;
    if (expiry == Member::kOtherKind) return Refusal::kInvalidClaim;
    if (now >= seconds + leeway) return Refusal::kExpired;
    const std::chrono::duration<double> expires(std::min(seconds, kLastCountableSecond) + leeway);
    holder.expires =
        std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(expires));
    const Member not_before = read_seconds(claims, "nbf", seconds);
    if (not_before == Member::kOtherKind) return Refusal::kInvalidClaim;
    if (not_before == Member::kRead && now + leeway < seconds) return Refusal::kNotYetValid;
    const Member issued = read_seconds(claims, "iat", seconds);
    if (issued == Member::kOtherKind) return Refusal::kInvalidClaim;
    if (issued == Member::kRead && now + leeway < seconds) return Refusal::kIssuedInFuture;
    return std::nullopt;
}

std::optional<Refusal> judge_issuer(dom::object claims, const ClaimRules& rules) {
    std::string_view issuer;
    const Member has_issuer = read_text(claims, "iss", issuer);
    if (has_issuer == Member::kOtherKind) return Refusal::kInvalidClaim;
    if (has_issuer == Member::kAbsent || issuer != rules.issuer) return Refusal::kWrongIssuer;
    return std::nullopt;
}

std::optional<Refusal> judge_audience(dom::object claims, const ClaimRules& rules) {
    const auto is_ours = [&](std::string_view audience) {
        return std::find(rules.audiences.begin(), rules.audiences.end(), audience) != rules.audiences.end();
    };
    dom::element element;
    if (claims["aud"].get(element) != simdjson::SUCCESS) return Refusal::kWrongAudience;
    std::string_view audience;
    dom::array list;
    if (element.get(audience) == simdjson::SUCCESS) {
        return is_ours(audience) ? std::nullopt : std::optional(Refusal::kWrongAudience);
    }
    if (element.get(list) != simdjson::SUCCESS) return Refusal::kInvalidClaim;
    bool is_among_them = false;
    for (const dom::element one : list) {
        if (one.get(audience) != simdjson::SUCCESS) return Refusal::kInvalidClaim;
        is_among_them = is_among_them || is_ours(audience);
    }
    return is_among_them ? std::nullopt : std::optional(Refusal::kWrongAudience);
}

std::optional<Refusal> read_id(dom::object claims, const ClaimRules& rules, TokenHolder& holder) {
    std::string_view id;
    const Member has_id = read_text(claims, rules.id_claim, id);
    if (has_id == Member::kAbsent || (has_id == Member::kRead && id.empty())) return Refusal::kNoIdentity;
    // It goes into the log and into names of counters.
    const bool has_control = std::any_of(id.begin(), id.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
    if (has_id == Member::kOtherKind || has_control || id.size() > TokenHolder::kMaxIdBytes) {
        return Refusal::kInvalidClaim;
    }
    holder.id = id;
    return std::nullopt;
}

}  // namespace

std::variant<TokenHolder, Refusal> judge_claims(std::string_view payload, const ClaimRules& rules,
                                                std::chrono::system_clock::time_point now) {
    dom::parser parser;
    const auto claims = parse_object(parser, payload, kMaxClaims);
    if (!claims) return Refusal::kMalformed;
    TokenHolder holder;
    // The times come last: a client that is told to renew its token should not find that it is the wrong one.
    auto refusal = judge_issuer(*claims, rules);
    if (!refusal) refusal = judge_audience(*claims, rules);
    if (!refusal) refusal = read_id(*claims, rules, holder);
    if (!refusal) refusal = judge_times(*claims, rules, now, holder);
    if (refusal) return *refusal;
    return holder;
}

}  // namespace sluice::auth::jwt
