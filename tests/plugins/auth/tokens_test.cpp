#include "auth_stage.hpp"
#include "jwt/issuer_key.hpp"
#include "jwt/key_server.hpp"
#include "jwt/scratch_file.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::auth;
using sluice::Verdict;
using sluice::auth::jwt::IssuerKey;
using sluice::auth::jwt::KeyServer;
using sluice::auth::jwt::ScratchFile;

namespace {

const IssuerKey& secret() {
    static const IssuerKey kKey = IssuerKey::octets(std::string(32, 's'));
    return kKey;
}

std::string token_of(const std::string& holder, const std::string& id = "o") {
    return secret().sign("HS256", id, R"({"iss":"i","aud":"a","exp":1700000600,"sub":")" + holder + "\"}");
}

std::string config_with(const std::string& place, const std::string& more = "") {
    return R"({"jwt":{"issuer":"i","audience":"a","algorithms":["HS256"],)" + place + "}" + more + "}";
}

}  // namespace

TEST_CASE("the holder of a token is who a request is from", "[auth][unit]") {
    FakeHost host;
    const ScratchFile keys;
    keys.write(jwt::key_set_of({secret().jwk("o")}));
    AuthStage stage(host, config_with(R"("jwks_file":")" + keys.path() + "\"", R"(,"api_key":"a.b.c")"));
    CHECK(stage.is_guarding());
    for (int round = 0; round < 2; ++round) {
        const Judged judged = stage.judge_key(token_of("alice"));
        CHECK(judged.verdict == Verdict::kContinue);
        CHECK(judged.id == "jwt:alice");
        CHECK(judged.exchange->attribute("key.masked") == "jwt:al***");
    }
    CHECK(stage.judge_key(token_of("bob")).id == "jwt:bob");
    // Configured and managed keys stand beside tokens, even one that looks like a token.
    CHECK(stage.judge_key("a.b.c").verdict == Verdict::kContinue);
    CHECK(stage.judge_key(stage.create()).verdict == Verdict::kContinue);
    CHECK(stage.judge_key("a.b.d").code == "invalid_api_key");
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a token that was accepted is not accepted beyond its end", "[auth][unit]") {
    FakeHost host;
    const ScratchFile keys;
    keys.write(jwt::key_set_of({secret().jwk("o")}));
    AuthStage stage(host, config_with(R"("jwks_file":")" + keys.path() + "\"", R"(,"cache_ms":3600000)"));
    const std::string token = token_of("alice");
    CHECK(stage.judge_key(token).id == "jwt:alice");
    host.advance(std::chrono::seconds(631));
    const Judged late = stage.judge_key(token);
    CHECK(late.code == "invalid_api_key");
    CHECK(late.message.find("the token has expired") != std::string::npos);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a token is answered with 503 while its issuer's keys cannot be read", "[auth][unit]") {
    FakeHost host;
    const KeyServer server([](const std::string&) { return std::string("HTTP/1.1 500 Broken\r\n\r\n"); });
    AuthStage stage(host, config_with(R"("jwks_url":")" + server.url() + "\""));
    CHECK(stage.judge_key(token_of("alice")).code == "backend_unavailable");
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a request whose token waits for keys is answered within the time limit", "[auth][unit]") {
    FakeHost host;
    const KeyServer server([](const std::string&) { return std::string(1, KeyServer::kSilence); });
    Judged judged;
    {
        AuthStage stage(host, config_with(R"("jwks_url":")" + server.url() + R"(","fetch_timeout_ms":60)"));
        judged = stage.begin(AuthStage::with_key(token_of("alice")));
        CHECK(judged.verdict == Verdict::kPending);
        stage.finish(judged);
        CHECK(judged.code == "backend_unavailable");
    }
    CHECK(host.breaches().text() == "");
}
