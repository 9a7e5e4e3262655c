#include "jwt/jwt_config.hpp"

#include "sluice/cpp/error.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::auth::jwt;
using namespace std::chrono_literals;

namespace {

const std::string kRight = R"("jwks_file":"/keys","issuer":"i","audience":"a")";

std::string problem_of(const std::string& members) {
    try {
        parse_jwt_config("{" + members + "}");
    } catch (const sluice::Error& error) {
        return error.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("what a configuration of tokens leaves out has its default", "[auth][jwt][unit]") {
    const JwtConfig config = parse_jwt_config("{" + kRight + "}");
    CHECK(config.jwks_file == "/keys");
    CHECK(config.rules.issuer == "i");
    CHECK(config.rules.audiences == std::vector<std::string>{"a"});
    CHECK(config.rules.leeway == 30s);
    CHECK(config.rules.id_claim == "sub");
    CHECK(config.refresh == 300s);
    CHECK(config.fetch_timeout == 3s);
    REQUIRE(config.algorithms.size() == 2);
    CHECK(config.algorithms[0] == find_algorithm("RS256"));
    CHECK(config.algorithms[1] == find_algorithm("ES256"));
}

TEST_CASE("every option of tokens is taken over", "[auth][jwt][unit]") {
    const JwtConfig config = parse_jwt_config(
        R"({"jwks_url":"https://issuer/keys","issuer":"i","audience":["a","b"],"algorithms":["PS512","HS256"],)"
        R"("id_claim":"email","leeway_s":0,"refresh_ms":1000,"fetch_timeout_ms":50})");
    CHECK(config.jwks_url == "https://issuer/keys");
    CHECK(config.rules.audiences == std::vector<std::string>{"a", "b"});
    REQUIRE(config.algorithms.size() == 2);
    CHECK(config.algorithms[0] == find_algorithm("PS512"));
    CHECK(config.rules.id_claim == "email");
    CHECK(config.rules.leeway == 0s);
    CHECK(config.refresh == 1s);
    CHECK(config.fetch_timeout == 50ms);
}

TEST_CASE("a wrong configuration of tokens is refused by name", "[auth][jwt][unit]") {
    CHECK(problem_of(R"("issuer":"i","audience":"a")") == "jwt: expected one of jwks_file and jwks_url");
    CHECK(problem_of(kRight + R"(,"jwks_url":"http://x")") == "jwt: expected one of jwks_file and jwks_url");
    CHECK(problem_of(R"("jwks_file":"/k","audience":"a")").starts_with("jwt.issuer: "));
    CHECK(problem_of(R"("jwks_file":"/k","issuer":"i")").starts_with("jwt.audience: "));
    CHECK(problem_of(kRight + R"(,"leeway_s":-1)") == "jwt.leeway_s: expected a whole number from 0 to 3600");
    CHECK(
        problem_of(kRight + R"(,"algorithms":["none"])").starts_with("jwt.algorithms: found \"none\", expected RS256"));
    for (const char* name : {"ES384", "ES512"}) {
        CHECK(problem_of(kRight + R"(,"algorithms":[")" + name + "\"]").find("takes too long for an event loop") !=
              std::string::npos);
    }
}
