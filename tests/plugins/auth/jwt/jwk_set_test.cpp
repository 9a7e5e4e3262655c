#include "jwt/jwk_set.hpp"

#include "issuer_key.hpp"
#include "jwt/compact_token.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace sluice::auth::jwt;

namespace {

constexpr const char* kPayload = R"({"sub":"x"})";
const std::string kSecret(64, 's');

JwkSet set_of(const std::vector<std::string>& jwks) {
    std::string problem;
    auto set = JwkSet::parse(key_set_of(jwks), problem);
    INFO(problem);
    REQUIRE(set);
    return std::move(*set);
}

bool is_good(const JwkSet& set, const std::string& text) {
    CompactToken token;
    if (read_compact_token(text, token)) return false;
    const auto found = set.find(token.key_id, *token.algorithm);
    const auto* key = std::get_if<const VerificationKey*>(&found);
    return key != nullptr && (*key)->verifies(token);
}

Refusal refusal(const JwkSet& set, const std::optional<std::string>& id, const char* algorithm) {
    const auto found = set.find(id, *find_algorithm(algorithm));
    REQUIRE(std::holds_alternative<Refusal>(found));
    return std::get<Refusal>(found);
}

}  // namespace

TEST_CASE("a token is verified with the key of its id and nothing else", "[auth][jwt][unit]") {
    const IssuerKey& rsa = IssuerKey::usual();
    const IssuerKey ec = IssuerKey::ec("P-256");
    const IssuerKey octets = IssuerKey::octets(kSecret);
    const JwkSet set = set_of({rsa.jwk("r"), ec.jwk("e"), octets.jwk("o")});
    REQUIRE(set.size() == 3);
    for (const char* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
        INFO(name);
        const std::string token = rsa.sign(name, "r", kPayload);
        CHECK(is_good(set, token));
        CHECK_FALSE(is_good(set, rsa.sign(name, "e", kPayload)));
        std::string changed = token;
        changed[changed.size() - 10] = changed[changed.size() - 10] == 'A' ? 'B' : 'A';
        CHECK_FALSE(is_good(set, changed));
        CHECK_FALSE(is_good(set, token.substr(0, token.rfind('.') + 1)));
    }
    CHECK(is_good(set, ec.sign("ES256", "e", kPayload)));
    CHECK_FALSE(is_good(set, ec.sign("ES256", "r", kPayload)));
    CHECK_FALSE(is_good(set, IssuerKey::ec("P-256").sign("ES256", "e", kPayload)));
    for (const char* name : {"HS256", "HS384", "HS512"}) {
        CHECK(is_good(set, octets.sign(name, "o", kPayload)));
        CHECK_FALSE(is_good(set, IssuerKey::octets(kSecret + "t").sign(name, "o", kPayload)));
    }
}

TEST_CASE("a token does not choose the kind of its signature", "[auth][jwt][unit]") {
    const IssuerKey& rsa = IssuerKey::usual();
    const JwkSet set = set_of({rsa.jwk("r")});
    const auto with_header = [&](const char* header) { return rsa.sign_under("RS256", header, kPayload); };
    CHECK(is_good(set, with_header(R"({"alg":"RS256","kid":"r"})")));
    CHECK_FALSE(is_good(set, with_header(R"({"alg":"PS256","kid":"r"})")));
    CHECK_FALSE(is_good(set, with_header(R"({"alg":"HS256","kid":"r"})")));
    CHECK_FALSE(is_good(set, with_header(R"({"alg":"none","kid":"r"})")));
    CHECK_FALSE(is_good(set, with_header(R"({"alg":"rs256","kid":"r"})")));
    // The public key as a shared secret.
    CHECK_FALSE(is_good(set, IssuerKey::octets(rsa.jwk("r")).sign("HS256", "r", kPayload)));
    const JwkSet bound = set_of({rsa.jwk("r", R"(,"alg":"RS256")")});
    CHECK(is_good(bound, rsa.sign("RS256", "r", kPayload)));
    CHECK_FALSE(is_good(bound, rsa.sign("RS512", "r", kPayload)));
    CHECK(refusal(bound, "r", "RS512") == Refusal::kKeyDoesNotFit);
}

TEST_CASE("the examples of RFC 7515, appendix A, are verified", "[auth][jwt][unit]") {
    const std::string payload =
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    const JwkSet set = set_of(
        {R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
         R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS)"
         R"(2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5r)"
         R"(exMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF)"
         R"(8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})",
         R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
         R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"});
    REQUIRE(set.size() == 3);
    CHECK(is_good(
        set, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + payload + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    CHECK(
        is_good(set, "eyJhbGciOiJSUzI1NiJ9" + payload +
                         "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
                         "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
                         "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
                         "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"));
    const std::string third = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    CHECK(is_good(set, "eyJhbGciOiJFUzI1NiJ9" + payload + third));
    CHECK_FALSE(is_good(set, "eyJhbGciOiJIUzI1NiJ9" + payload + third));
}

TEST_CASE("keys that are unsafe, slow or for something else are left out of a set", "[auth][jwt][unit]") {
    const IssuerKey& rsa = IssuerKey::usual();
    const IssuerKey ec = IssuerKey::ec("P-256");
    const auto count = [](const std::string& jwk) { return set_of({jwk}).size(); };
    CHECK(count(rsa.jwk("a", R"(,"use":"sig","key_ops":["verify"])")) == 1);
    CHECK(count(rsa.jwk("a", R"(,"use":"enc")")) == 0);
    CHECK(count(rsa.jwk("a", R"(,"key_ops":["encrypt"])")) == 0);
    CHECK(count(rsa.jwk("a", R"(,"kid":"b")")) == 0);
    CHECK(count(rsa.jwk("a", R"(,"alg":"ES256")")) == 0);
    CHECK(count(rsa.jwk("a", R"(,"alg":"RSA-OAEP")")) == 0);
    CHECK(count(IssuerKey::rsa(1024).jwk("a")) == 0);
    const auto with_modulus_bytes = [](std::size_t size) {
        return R"({"kty":"RSA","e":"AQAB","n":")" + to_base64url(std::string(size, '\xff')) + "\"}";
    };
    CHECK(count(with_modulus_bytes(512)) == 1);
    CHECK(count(with_modulus_bytes(513)) == 0);
    CHECK(count(IssuerKey::ec("P-384").jwk("a")) == 0);
    CHECK(count(IssuerKey::ec("P-521").jwk("a")) == 0);
    CHECK(count(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})") == 0);
    CHECK(count(R"({"kty":"oct","k":""})") == 0);
    const std::string off_curve = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                                  R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"})";
    CHECK(count(off_curve) == 0);
    CHECK(set_of({off_curve, ec.jwk("b")}).size() == 1);
}

TEST_CASE("a secret is not used with an algorithm it is too short for", "[auth][jwt][unit]") {
    const IssuerKey octets = IssuerKey::octets(std::string(32, 's'));
    const JwkSet set = set_of({octets.jwk("o")});
    CHECK(is_good(set, octets.sign("HS256", "o", kPayload)));
    CHECK_FALSE(is_good(set, octets.sign("HS384", "o", kPayload)));
    CHECK(refusal(set, "o", "HS384") == Refusal::kKeyDoesNotFit);
    CHECK(set_of({IssuerKey::octets("short").jwk("s", R"(,"alg":"HS256")")}).size() == 0);
}

TEST_CASE("a token without a key id is verified where only one key fits", "[auth][jwt][unit]") {
    const IssuerKey& rsa = IssuerKey::usual();
    const IssuerKey ec = IssuerKey::ec("P-256");
    const std::string token = ec.sign_under("ES256", R"({"alg":"ES256"})", kPayload);
    CHECK(is_good(set_of({rsa.jwk("r"), ec.jwk("e")}), token));
    const JwkSet two = set_of({ec.jwk("e"), IssuerKey::ec("P-256").jwk("f")});
    CHECK_FALSE(is_good(two, token));
    CHECK(refusal(two, std::nullopt, "ES256") == Refusal::kNoKeyId);
    CHECK(refusal(two, std::nullopt, "RS256") == Refusal::kUnknownKey);
    CHECK(refusal(two, "g", "ES256") == Refusal::kUnknownKey);
}

TEST_CASE("what is no key set is refused with a reason", "[auth][jwt][unit]") {
    std::string problem;
    for (const char* json : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[)", R"({"keys":[],"keys":[]})", "null"}) {
        INFO(json);
        CHECK_FALSE(JwkSet::parse(json, problem));
        CHECK(problem.starts_with("expected a JSON Web Key set"));
    }
    CHECK(JwkSet::parse(R"({"keys":[null,1,"x",{},[]]})", problem).value().size() == 0);
    CHECK_FALSE(JwkSet::parse(std::string(JwkSet::kMaxBytes + 1, ' '), problem));
    CHECK(problem == "the key set is larger than 1 MiB");
    CHECK_FALSE(JwkSet::parse(key_set_of(std::vector<std::string>(101, "{}")), problem));
    CHECK(problem == "the key set has more than 100 keys");
}

TEST_CASE("several threads verify with the same keys at once", "[auth][jwt][unit]") {
    const IssuerKey& rsa = IssuerKey::usual();
    const IssuerKey ec = IssuerKey::ec("P-256");
    const JwkSet set = set_of({rsa.jwk("r"), ec.jwk("e")});
    const std::vector<std::string> tokens = {rsa.sign("RS256", "r", kPayload), rsa.sign("PS256", "r", kPayload),
                                             ec.sign("ES256", "e", kPayload)};
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int round = 0; round < 30; ++round)
                good += is_good(set, tokens[static_cast<std::size_t>(round) % tokens.size()]) ? 1 : 0;
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 120);
}
