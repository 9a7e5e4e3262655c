#include "jwt/compact_token.hpp"

#include "issuer_key.hpp"
#include "jwt/base64url.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::auth::jwt;

namespace {

std::optional<Refusal> refusal_of_header(const std::string& header) {
    CompactToken token;
    return read_compact_token(to_base64url(header) + ".e30.AAAA", token);
}

}  // namespace

TEST_CASE("a token is split into what is signed, the payload and the signature", "[auth][jwt][unit]") {
    const std::string text = to_base64url(R"({"alg":"ES256","kid":"k 1","typ":"JWT"})") + ".e30.AQID";
    CompactToken token;
    REQUIRE_FALSE(read_compact_token(text, token));
    CHECK(token.signing_input == text.substr(0, text.rfind('.')));
    CHECK(token.payload == "e30");
    CHECK(token.signature == "\1\2\3");
    CHECK(token.algorithm == find_algorithm("ES256"));
    CHECK(token.key_id == "k 1");
}

TEST_CASE("headers of other tokens are refused with the reason", "[auth][jwt][unit]") {
    CHECK_FALSE(refusal_of_header(R"({"alg":"RS256","typ":"application/at+JWT"})"));
    CHECK(refusal_of_header(R"({"alg":"RS256","typ":"logout+jwt"})") == Refusal::kWrongType);
    CHECK(refusal_of_header(R"({"alg":"RS256","typ":1})") == Refusal::kMalformed);
    CHECK(refusal_of_header(R"({"alg":"RS256","crit":[]})") == Refusal::kCriticalHeader);
    CHECK(refusal_of_header(R"({"alg":"RS256","alg":"RS256"})") == Refusal::kMalformed);
    CHECK(refusal_of_header(R"({"alg":"RS256","kid":1})") == Refusal::kMalformed);
    CHECK(refusal_of_header(R"({"alg":null})") == Refusal::kMalformed);
    CHECK(refusal_of_header(R"({"typ":"JWT"})") == Refusal::kMalformed);
    CHECK(refusal_of_header("[]") == Refusal::kMalformed);
    CHECK(refusal_of_header("") == Refusal::kMalformed);
    for (const char* name : {"none", "ES384", "ES512", "EdDSA", "rs256"}) {
        CHECK(refusal_of_header(std::string(R"({"alg":")") + name + "\"}") == Refusal::kAlgorithmNotAllowed);
    }
}

TEST_CASE("what is no signed token is refused with the reason", "[auth][jwt][unit]") {
    CompactToken token;
    CHECK(read_compact_token("a.b.c.d.e", token) == Refusal::kEncrypted);
    CHECK(read_compact_token("a.b", token) == Refusal::kMalformed);
    CHECK(read_compact_token("..", token) == Refusal::kMalformed);
    const std::string head = to_base64url(R"({"alg":"RS256"})") + ".e30.";
    CHECK_FALSE(read_compact_token(head + "AQID", token));
    CHECK(read_compact_token(head + "AQI=", token) == Refusal::kMalformed);
    CHECK(read_compact_token(head + "AQ+D", token) == Refusal::kMalformed);
    CHECK(read_compact_token(head + "AQJ", token) == Refusal::kMalformed);  // stray bits
    CHECK(read_compact_token(head + std::string(8192, 'A'), token) == Refusal::kTooLarge);
}

TEST_CASE("base64url has one text for some bytes", "[auth][jwt][unit]") {
    CHECK(decode_base64url("") == "");
    CHECK(decode_base64url("-_8") == "\xfb\xff");
    CHECK(decode_base64url("AA") == std::string(1, '\0'));
    for (const char* text : {"A", "AB", "AAAAA", "AA==", "A A", "AA\n", "+/8", "\xff\xff"}) {
        INFO(text);
        CHECK_FALSE(decode_base64url(text));
    }
}
