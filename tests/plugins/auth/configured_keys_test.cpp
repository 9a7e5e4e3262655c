#include <catch2/catch.hpp>

#include "auth_stage.hpp"
#include "identity/authorization.hpp"
#include "identity/denial.hpp"

namespace sluice::auth {
namespace {

constexpr std::string_view kTwoKeys = R"({"api_key":"sk-first-key-of-the-gateway","api_keys":" second, third ,"})";

constexpr std::string_view kNamed = R"({"keys":[
  {"name":"app","owner":"team","key":"sk-application-key-0001","models":["gpt-4o*","o1"],"routes":["/v1/chat/*"],
   "limits":{"requests":100,"window_ms":1000,"concurrent":3,"tokens":5000}},
  {"name":"old","key":"sk-application-key-0002","expires":"2023-01-01"}]})";

}  // namespace

TEST_CASE("a configured key passes, says whose the request is and does not go upstream", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host, kTwoKeys);
    const auto key = GENERATE(as<std::string>(), "sk-first-key-of-the-gateway", "second", "third");
    const auto scheme = GENERATE(as<std::string>(), "Bearer ", "bearer ", "BEARER   ");
    const Judged judged = auth.judge(FakeRequest::chat("m", "hi").set_header("authorization", scheme + key));
    CHECK(judged.verdict == Verdict::kContinue);
    CHECK(judged.id.substr(0, 2) == "k-");
    CHECK(judged.id.size() == 18);
    CHECK(judged.exchange->attribute("key.masked") == (key.size() > 10 ? "sk-...eway" : "***"));
    CHECK_FALSE(judged.exchange->request_header("Authorization"));
    CHECK(host.metrics().value("requests_total", {{"verdict", "accepted"}}) == 1);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a request that shows no right key is refused in words that hold no key", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host, kTwoKeys);
    const std::string secret = "sk-never-to-be-seen-again";
    const auto [header, code, words] = GENERATE_COPY(table<std::string, std::string, std::string>(
        {{"", "missing_api_key", "No API key"},
         {"Bearer", "missing_api_key", "No API key"},
         {"Bearer  ", "missing_api_key", "No API key"},
         {"Basic " + secret, "invalid_api_key", "another scheme"},
         {secret, "invalid_api_key", "another scheme"},
         {"Bearer " + secret, "invalid_api_key", "not known"},
         {"Bearer " + secret + " x", "invalid_api_key", "printable"},
         {"Bearer " + secret + "\xC3\xA9", "invalid_api_key", "printable"},
         {"Bearer " + std::string(65536, 'a'), "invalid_api_key", "found 65536"},
         {"Bearer *1\\r\\n$8\\r\\nFLUSHALL", "invalid_api_key", "not known"},
         {"Bearer ';DROP/**/TABLE/**/keys;--", "invalid_api_key", "not known"}}));
    const Judged judged = auth.judge(FakeRequest::chat("m", "hi").set_header("Authorization", header));
    CHECK(judged.verdict == Verdict::kRefuse);
    CHECK(judged.code == code);
    CHECK_THAT(judged.message, Catch::Contains(words) && !Catch::Contains("never-to-be-seen"));
    CHECK(judged.exchange->response_header("WWW-Authenticate") == "Bearer");
    CHECK(judged.id.empty());
    for (const auto& line : host.log().lines()) CHECK_THAT(line.message, !Catch::Contains("never-to-be-seen"));
    CHECK(host.breaches().text() == "");
}

TEST_CASE("two Authorization headers are refused, also where both are right", "[auth][unit]") {
    const sluice_header headers[] = {{SLUICE_STR("Authorization"), SLUICE_STR("Bearer second")},
                                     {SLUICE_STR("authorization"), SLUICE_STR("Bearer second")}};
    const Authorization found = read_authorization(Headers(headers, 2));
    CHECK(found.kind == Authorization::Kind::kSeveral);
    CHECK(denial_of(found).to_error().code() == "invalid_api_key");
    CHECK_THAT(denial_of(found).message, Catch::Contains("found 2"));
}

TEST_CASE("without any key every request passes, and its header stays here", "[auth][unit]") {
    FakeHost host;
    const auto config = GENERATE(as<std::string>(), "{}", R"({"managed":false,"api_key":""})", R"({"api_keys":", ,"})");
    AuthStage auth(host, config);
    const Judged judged = auth.judge_key("whatever");
    CHECK(judged.verdict == Verdict::kContinue);
    CHECK(judged.id.empty());
    CHECK_FALSE(judged.exchange->request_header("Authorization"));
    CHECK_FALSE(auth.is_guarding());
    CHECK(host.breaches().text() == "");
}

TEST_CASE("require decides whether a request without a key passes", "[auth][unit]") {
    FakeHost host;
    AuthStage always(host, R"({"require":"always"})");
    AuthStage never(host, R"({"require":"never","api_key":"sk-first-key-of-the-gateway"})");
    CHECK(always.is_guarding());
    CHECK(always.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
    CHECK_FALSE(never.is_guarding());
    CHECK(never.judge(FakeRequest::chat("m", "hi")).verdict == Verdict::kContinue);
    CHECK(never.judge_key("wrong").verdict == Verdict::kContinue);
    CHECK(never.judge_key("sk-first-key-of-the-gateway").id.substr(0, 2) == "k-");
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a named key has an owner, models, routes and limits of its own", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host, kNamed);
    const std::string key = "sk-application-key-0001";
    const Judged judged = auth.judge_key(key);
    CHECK(judged.id == "team");
    CHECK(judged.exchange->attribute("key.limits") == "requests=100/1000 concurrent=3 tokens=5000/60000");
    CHECK(judged.exchange->attribute("models.visible") == "gpt-4o*,o1");

    const Judged model = auth.judge(AuthStage::with_key(key).set_model("claude-opus"));
    CHECK(model.code == "model_not_allowed");
    CHECK(model.exchange->error()->param == "model");
    const Judged route = auth.judge(AuthStage::with_key(key).set_path("/v1/embeddings"));
    CHECK(route.code == "model_not_allowed");
    CHECK(route.exchange->error()->param.empty());
    const Judged expired = auth.judge_key("sk-application-key-0002");
    CHECK(expired.code == "invalid_api_key");
    CHECK_THAT(expired.message, Catch::Contains("expired"));
    CHECK(host.log().has(SLUICE_LOG_WARN,
                         "refused: forbidden, key sk-...0001 of team from 127.0.0.1, request request-1"));
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a key that is kept to models is refused a body that names none in JSON", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host, R"({"api_key":"second","keys":[{"name":"app","key":"sk-app","models":["gpt-4o*"]}]})");
    const auto nameless = [](std::string_view key) { return AuthStage::with_key(key).set_model(""); };
    for (const FakeRequest& request :
         {nameless("sk-app").set_body(R"({"model":null})"), nameless("sk-app").set_raw_body("--form"),
          nameless("sk-app").set_streamed_body(), nameless("sk-app").set_streamed_body(12)}) {
        const Judged judged = auth.judge(request);
        CHECK(judged.code == "model_not_allowed");
        REQUIRE(judged.exchange->error());
        CHECK(judged.exchange->error()->param == "model");
        CHECK_THAT(judged.message, Catch::Contains("must name one") && Catch::Contains("gpt-4o*"));
    }
    const auto list = nameless("sk-app").set_method("GET").set_path("/v1/models").set_raw_body("");
    CHECK(auth.judge(list).verdict == Verdict::kContinue);
    CHECK(auth.judge(nameless("second").set_raw_body("--form")).verdict == Verdict::kContinue);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("audit decides which decisions are logged", "[auth][unit]") {
    FakeHost host;
    const auto [audit, failures, successes] = GENERATE(
        table<std::string, bool, bool>({{"off", false, false}, {"failures", true, false}, {"all", true, true}}));
    AuthStage auth(host, R"({"api_key":"second","audit":")" + audit + "\"}");
    auth.judge_key("second");
    auth.judge_key("third");
    CHECK(host.log().has(SLUICE_LOG_WARN, "refused: invalid, key ***") == failures);
    CHECK(host.log().has(SLUICE_LOG_INFO, "accepted: key *** of k-") == successes);
}

TEST_CASE("a mistake in the configuration is named without its secret", "[auth][unit]") {
    FakeHost host;
    const auto [config, words] = GENERATE(table<std::string, std::string>(
        {{R"({"api_key":"with blank"})", "api_key: expected a key"},
         {R"({"hash_key":"short"})", "hash_key: expected at least 32 characters, found 5"},
         {R"({"keys":[{"name":"a","key":"x"},{"name":"b","key":"x"}]})", "keys[1].key: the same key"},
         {R"({"keys":[{"name":"a","key":"x","models":[")" + std::string(600, 'm') + R"(",")" + std::string(424, 'm') +
              R"("]}]})",
          "keys[0].models: expected at most 1024 bytes in all, with a comma between two, found 1025"},
         {R"({"keys":[{"name":"a\nb","key":"x"}]})", "keys[0].name"},
         {R"({"keys":[{"name":"a","key":"x","expires":"2023-02-30"}]})", "keys[0].expires: expected a day"}}));
    CHECK_THROWS_WITH(AuthStage(host, config), Catch::Contains(words) && !Catch::Contains("with blank"));
}

TEST_CASE("the same hash key gives a key the same id after a restart", "[auth][unit]") {
    FakeHost host;
    const std::string first = AuthStage(host, kTwoKeys).judge_key("second").id;
    CHECK(AuthStage(host, kTwoKeys).judge_key("second").id == first);
    const std::string other = R"({"api_key":"second","hash_key":"0123456789abcdef0123456789abcdef"})";
    CHECK(AuthStage(host, other).judge_key("second").id != first);
}

}  // namespace sluice::auth
