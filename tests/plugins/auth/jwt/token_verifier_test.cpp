#include "jwt/token_verifier.hpp"

#include "issuer_key.hpp"
#include "key_server.hpp"
#include "scratch_file.hpp"
#include "sluice/cpp/error.hpp"
#include "sluice/testing/fake_host.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

using namespace sluice::auth;
using namespace sluice::auth::jwt;
using namespace std::chrono_literals;
using sluice::testing::FakeHost;

namespace {

const std::string kPayload = R"({"iss":"i","aud":"a","sub":"alice","exp":1700000600})";

std::string rest_of_config(const std::string& more) { return R"(,"issuer":"i","audience":"a")" + more + "}"; }
std::string file_config(const std::string& path, const std::string& more = "") {
    return R"({"jwks_file":")" + path + "\"" + rest_of_config(more);
}
std::string url_config(const std::string& url, const std::string& more = "") {
    return R"({"jwks_url":")" + url + "\"" + rest_of_config(more);
}

class Verifier {
public:
    Verifier(FakeHost& host, const std::string& config) : host_(host) {
        host_.run_on_main_thread([&] {
            try {
                verifier_ = make_token_verifier(host_, config);
            } catch (const sluice::Error& error) {
                problem_ = error.what();
            }
        });
    }
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;
    ~Verifier() {
        end();
        host_.loop().report_leaks();
        CHECK(host_.breaches().text() == "");
    }

    const std::string& problem() const { return problem_; }
    void end() {
        host_.run_on_main_thread([this] { verifier_.reset(); });
    }

    // Begins; the answer is in `answer` when it is there.
    void begin(const std::string& token, std::optional<Verified>& answer) {
        const sluice::Loop loop = sluice::Loops(host_.raw()).at(0);
        verifier_->verify(token, loop, [this, &answer](Verified verified) {
            if (!host_.loop().is_current()) host_.breaches().add("an answer came on another thread");
            answer = std::move(verified);
        });
    }
    Verified verify(const std::string& token) {
        std::optional<Verified> answer;
        begin(token, answer);
        REQUIRE(host_.loop().run_until([&] { return answer.has_value(); }, 10s));
        return *answer;
    }
    // The id of the holder or why the token was not accepted.
    std::string outcome(const std::string& token) { return text_of(verify(token)); }
    static std::string text_of(const Verified& verified) {
        if (const auto* identity = std::get_if<TokenIdentity>(&verified)) return identity->id;
        if (const auto* refused = std::get_if<TokenRefused>(&verified)) return refused->reason;
        return "unjudged: " + std::get<TokenUnjudged>(verified).reason;
    }

private:
    FakeHost& host_;
    std::unique_ptr<TokenVerifier> verifier_;
    std::string problem_;
};

// A key set that the test changes while a server gives it.
class Published {
public:
    explicit Published(std::string answer) : answer_(std::move(answer)) {}
    void set(std::string answer) {
        const std::lock_guard lock(mutex_);
        answer_ = std::move(answer);
    }
    KeyServer::Script script() {
        return [this](const std::string&) {
            const std::lock_guard lock(mutex_);
            return answer_;
        };
    }

private:
    std::mutex mutex_;
    std::string answer_;
};

std::string answer_of(const std::vector<std::string>& jwks) { return KeyServer::ok(key_set_of(jwks)); }

}  // namespace

TEST_CASE("a configuration that is only tried is judged without asking its server", "[auth][jwt][unit]") {
    const KeyServer server([](const std::string&) { return KeyServer::ok("{}"); });
    FakeHost host;
    host.pretend_probe();
    CHECK(make_token_verifier(host, url_config(server.url())) == nullptr);
    CHECK(server.requests() == 0);
    CHECK_THROWS_AS(make_token_verifier(host, file_config("/nonexistent/keys.json")), sluice::Error);
}

TEST_CASE("a token that is signed with a key of the file says whose it is", "[auth][jwt][unit]") {
    FakeHost host;
    const ScratchFile keys;
    keys.write(key_set_of({IssuerKey::usual().jwk("k")}));
    Verifier verifier(host, file_config(keys.path()));
    const Verified verified = verifier.verify(IssuerKey::usual().sign("RS256", "k", kPayload));
    REQUIRE(std::holds_alternative<TokenIdentity>(verified));
    const auto& identity = std::get<TokenIdentity>(verified);
    CHECK(identity.id == "jwt:alice");
    CHECK(identity.masked == "jwt:al***");
    CHECK(identity.expires == 1'700'000'630s);
    CHECK(verifier.outcome(IssuerKey::rsa(2048).sign("RS256", "k", kPayload)) == "the token's signature is wrong");
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS512", "k", kPayload)) == "the token's algorithm is not allowed");
    CHECK(verifier.outcome("a.b.c") == "the token is malformed");
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS256", "x", kPayload)) ==
          "the token is signed with an unknown key");
    host.advance(11min);
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS256", "k", kPayload)) == "the token has expired");
}

TEST_CASE("a masked holder shows whole characters only", "[auth][jwt][unit]") {
    FakeHost host;
    const ScratchFile keys;
    const IssuerKey octets = IssuerKey::octets(std::string(32, 's'));
    keys.write(key_set_of({octets.jwk("o")}));
    Verifier verifier(host, file_config(keys.path(), R"(,"algorithms":["HS256"])"));
    const auto masked = [&](const std::string& id) {
        const std::string payload = R"({"iss":"i","aud":"a","exp":1700000600,"sub":")" + id + "\"}";
        return std::get<TokenIdentity>(verifier.verify(octets.sign("HS256", "o", payload))).masked;
    };
    CHECK(masked("a") == "jwt:***");
    CHECK(masked("alexander") == "jwt:alex***");
    CHECK(masked("\xc3\xa4\xe2\x82\xac\xe2\x82\xac") == "jwt:\xc3\xa4***");
}

TEST_CASE("a file of keys that cannot be read or is none is a mistake of the configuration", "[auth][jwt][unit]") {
    FakeHost host;
    CHECK(Verifier(host, file_config("/nowhere/keys")).problem() ==
          "jwt.jwks_file: /nowhere/keys cannot be opened: No such file or directory");
    const ScratchFile keys;
    keys.write("no keys");
    CHECK(Verifier(host, file_config(keys.path())).problem().starts_with("jwt.jwks_file: expected a JSON Web Key set"));
    CHECK(Verifier(host, url_config("ftp://x/")).problem() ==
          "jwt.jwks_url: expected an http or https URL, found \"ftp://x/\"");
}

TEST_CASE("an unknown key is looked for in the changed file", "[auth][jwt][unit]") {
    FakeHost host;
    const ScratchFile keys;
    const IssuerKey ec = IssuerKey::ec("P-256");
    keys.write(key_set_of({IssuerKey::usual().jwk("k")}));
    Verifier verifier(host, file_config(keys.path()));
    const std::string token = ec.sign("ES256", "new", kPayload);
    CHECK(verifier.outcome(token) == "the token is signed with an unknown key");
    keys.replace(key_set_of({ec.jwk("new")}));
    // Every second; a request in between does not read it earlier.
    std::string outcome;
    for (int tries = 0; tries < 400 && outcome != "jwt:alice"; ++tries) {
        outcome = verifier.outcome(token);
        std::this_thread::sleep_for(10ms);
    }
    CHECK(outcome == "jwt:alice");
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS256", "k", kPayload)) != "jwt:alice");
}

TEST_CASE("the first request waits for the keys to be fetched", "[auth][jwt][unit]") {
    FakeHost host;
    Published published(answer_of({IssuerKey::usual().jwk("k")}));
    const KeyServer server(published.script());
    Verifier verifier(host, url_config(server.url()));
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS256", "k", kPayload)) == "jwt:alice");
    // Fetched a moment ago.
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS256", "x", kPayload)) ==
          "the token is signed with an unknown key");
    CHECK(server.requests() == 1);
}

TEST_CASE("rotated keys are known after the next fetch", "[auth][jwt][unit]") {
    FakeHost host;
    const IssuerKey ec = IssuerKey::ec("P-256");
    Published published(answer_of({IssuerKey::usual().jwk("k")}));
    const KeyServer server(published.script());
    Verifier verifier(host, url_config(server.url(), R"(,"refresh_ms":1000)"));
    const std::string old_token = IssuerKey::usual().sign("RS256", "k", kPayload);
    CHECK(verifier.outcome(old_token) == "jwt:alice");
    published.set(answer_of({ec.jwk("n")}));
    REQUIRE(host.loop().run_until([&] { return server.requests() >= 2; }, 5s));
    REQUIRE(
        host.loop().run_until([&] { return verifier.outcome(ec.sign("ES256", "n", kPayload)) == "jwt:alice"; }, 5s));
    CHECK(verifier.outcome(old_token) == "the token is signed with an unknown key");
    // A server that fails takes nothing away.
    published.set("");
    const int before = server.requests();
    REQUIRE(host.loop().run_until([&] { return server.requests() > before; }, 5s));
    CHECK(verifier.outcome(ec.sign("ES256", "n", kPayload)) == "jwt:alice");
}

TEST_CASE("without keys no token can be judged", "[auth][jwt][unit]") {
    FakeHost host;
    Published published("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
    const KeyServer server(published.script());
    Verifier verifier(host, url_config(server.url()));
    const std::string token = IssuerKey::usual().sign("RS256", "k", kPayload);
    CHECK(verifier.outcome(token) == "unjudged: the key set cannot be read now");
    CHECK(verifier.outcome(token) == "unjudged: the key set cannot be read now");
    CHECK(host.log().has(SLUICE_LOG_WARN, "expected status 200, found 500"));
    // What needs no key is judged.
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS512", "k", kPayload)) == "the token's algorithm is not allowed");
}

TEST_CASE("a request waits for slow keys no longer than the fetch may take", "[auth][jwt][unit]") {
    FakeHost host;
    Published published(std::string(1, KeyServer::kSilence));
    const KeyServer server(published.script());
    Verifier verifier(host, url_config(server.url(), R"(,"fetch_timeout_ms":100)"));
    const auto start = std::chrono::steady_clock::now();
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS256", "k", kPayload)).starts_with("unjudged: "));
    CHECK(std::chrono::steady_clock::now() - start < 3s);
}

TEST_CASE("requests that still wait at the end are answered as unjudged on their loop", "[auth][jwt][unit]") {
    FakeHost host;
    Published published(std::string(1, KeyServer::kSilence));
    const KeyServer server(published.script());
    Verifier verifier(host, url_config(server.url(), R"(,"fetch_timeout_ms":30000)"));
    std::optional<Verified> one;
    std::optional<Verified> other;
    verifier.begin(IssuerKey::usual().sign("RS256", "k", kPayload), one);
    verifier.begin(IssuerKey::usual().sign("RS256", "x", kPayload), other);
    CHECK_FALSE(one);
    verifier.end();
    REQUIRE(one);
    REQUIRE(other);
    CHECK(Verifier::text_of(*one) == "unjudged: the key set cannot be read now");
    CHECK(Verifier::text_of(*other) == "unjudged: the key set cannot be read now");
}

TEST_CASE("an unknown key is not refused because the plugin ends while it is looked for", "[auth][jwt][unit]") {
    FakeHost host;
    Published published(answer_of({IssuerKey::usual().jwk("k")}));
    const KeyServer server(published.script());
    Verifier verifier(host, url_config(server.url(), R"(,"refresh_ms":1000,"fetch_timeout_ms":30000)"));
    CHECK(verifier.outcome(IssuerKey::usual().sign("RS256", "k", kPayload)) == "jwt:alice");
    published.set(std::string(1, KeyServer::kSilence));
    const int before = server.requests();
    REQUIRE(host.loop().run_until([&] { return server.requests() > before; }, 5s));
    std::optional<Verified> answer;
    verifier.begin(IssuerKey::usual().sign("RS256", "new", kPayload), answer);
    verifier.end();
    REQUIRE(answer);
    CHECK(Verifier::text_of(*answer) == "unjudged: the key set cannot be read now");
}

TEST_CASE("a loop that takes nothing any more keeps nobody without an answer", "[auth][jwt][unit]") {
    FakeHost host;
    const KeyServer server([](const std::string&) { return std::string(1, KeyServer::kSilence); });
    std::atomic<int> answers{0};
    auto verifier = make_token_verifier(host, url_config(server.url(), R"(,"fetch_timeout_ms":50)"));
    verifier->verify(IssuerKey::usual().sign("RS256", "k", kPayload), sluice::Loops(host.raw()).at(0),
                     [&](Verified) { ++answers; });
    host.loop().stop();
    verifier.reset();
    CHECK(answers == 1);
}
