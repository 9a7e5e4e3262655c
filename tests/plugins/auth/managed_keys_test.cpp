#include <catch2/catch.hpp>

#include <filesystem>

#include "auth_stage.hpp"
#include "keys/generated_key.hpp"

namespace sluice::auth {
namespace {

using std::chrono::milliseconds;

}  // namespace

TEST_CASE("the first key closes the gateway, at once here and within cache_ms elsewhere", "[auth][unit]") {
    FakeHost host;
    AuthStage here(host);
    AuthStage elsewhere(host);
    CHECK(elsewhere.judge(FakeRequest::chat("m", "hi")).verdict == Verdict::kContinue);
    const std::string key = here.create();
    CHECK(form_of_key(key) == KeyForm::kWhole);
    CHECK(here.is_guarding());
    CHECK(here.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
    CHECK(here.judge_key(key).id == here.only_id());
    host.advance(milliseconds(5001));
    CHECK(elsewhere.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
    CHECK(elsewhere.judge_key(key).verdict == Verdict::kContinue);
    CHECK(elsewhere.is_guarding());
    CHECK(host.breaches().text() == "");
}

TEST_CASE("revoking the last key does not open the gateway", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const std::string key = auth.create();
    REQUIRE(auth.judge_key(key).verdict == Verdict::kContinue);
    CHECK(auth.run({"revoke", auth.only_id()}).exit_code == 0);
    const Judged judged = auth.judge_key(key);
    CHECK(judged.code == "invalid_api_key");
    CHECK_THAT(judged.message, Catch::Contains("revoked"));
    CHECK(auth.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
    AuthStage restarted(host);
    CHECK(restarted.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
    CHECK(restarted.judge_key(key).code == "invalid_api_key");
}

TEST_CASE("a store that has lost its keys does not open the gateway", "[auth][unit]") {
    FakeHost host;
    const std::string marker = host.folder().path() + "/keys_exist";
    {
        AuthStage elsewhere(host);
        CHECK_FALSE(std::filesystem::exists(marker));
        AuthStage here(host);
        here.create();
        CHECK(std::filesystem::exists(marker));
        std::filesystem::remove(marker);
        host.advance(milliseconds(5001));
        CHECK(elsewhere.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
        CHECK(std::filesystem::exists(marker));
        CHECK(std::filesystem::status(marker).permissions() ==
              (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    }
    host.store().lose_values("auth");
    {
        AuthStage restarted(host);
        CHECK(restarted.is_guarding());
        CHECK(restarted.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
        CHECK(host.log().has(SLUICE_LOG_ERROR, "delete the file " + marker));
        host.advance(milliseconds(10000));
        CHECK(restarted.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
        CHECK(restarted.judge_key(restarted.create()).verdict == Verdict::kContinue);
    }
    host.store().lose_values("auth");
    std::filesystem::remove(marker);
    AuthStage reopened(host);
    CHECK(reopened.judge(FakeRequest::chat("m", "hi")).verdict == Verdict::kContinue);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a store that is empty when it comes up is not believed by a gateway that has known keys", "[auth][unit]") {
    FakeHost host;
    { AuthStage(host).create(); }
    host.store().lose_values("auth");
    host.store().go_down();
    AuthStage restarted(host);
    host.store().come_up();
    CHECK(restarted.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
    CHECK(restarted.judge_key(make_generated_key()).code == "invalid_api_key");
    CHECK(host.log().has(SLUICE_LOG_ERROR, "the store holds no keys"));
}

TEST_CASE("without a folder keys work all the same, and the log says what is missing", "[auth][unit]") {
    FakeHost host;
    host.withhold(SLUICE_HOST_FOLDER_ID);
    AuthStage auth(host, R"({"hash_key":"0123456789abcdef0123456789abcdef"})");
    CHECK(auth.judge_key(auth.create()).verdict == Verdict::kContinue);
    CHECK(host.log().has(SLUICE_LOG_ERROR, "the instance has no folder"));
}

TEST_CASE("a folder in which nothing can be noted is an error of the log", "[auth][unit]") {
    FakeHost host;
    const std::string folder = host.folder().path();
    AuthStage auth(host, R"({"hash_key":"0123456789abcdef0123456789abcdef"})");
    std::filesystem::remove_all(folder);
    CHECK(auth.judge_key(auth.create()).verdict == Verdict::kContinue);
    CHECK(host.log().has(SLUICE_LOG_ERROR, folder + "/keys_exist"));
}

TEST_CASE("a known key is confirmed in the background and a revoked one is gone after cache_ms", "[auth][unit]") {
    FakeHost host;
    AuthStage here(host);
    AuthStage elsewhere(host);
    const std::string key = here.create();
    REQUIRE(elsewhere.judge_key(key).verdict == Verdict::kContinue);
    const auto asked = host.store().calls("get");
    REQUIRE(elsewhere.judge_key(key).verdict == Verdict::kContinue);
    CHECK(host.store().calls("get") == asked);
    here.run({"revoke", here.only_id()});
    host.advance(milliseconds(3000));
    Judged before = elsewhere.begin(AuthStage::with_key(key));
    CHECK(before.verdict == Verdict::kContinue);
    elsewhere.finish(before);
    host.loop().run_ready();
    CHECK(elsewhere.judge_key(key).code == "invalid_api_key");
}

TEST_CASE("a typo never reaches the store, and a wrong key reaches it once", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host, R"({"require":"always"})");
    const auto asked = host.store().calls("get");
    std::string typo = make_generated_key();
    typo[20] = typo[20] == 'A' ? 'B' : 'A';
    CHECK_THAT(auth.judge_key(typo).message, Catch::Contains("mistyped"));
    CHECK(auth.judge_key("sk-other-form-of-a-key-here").code == "invalid_api_key");
    CHECK(host.store().calls("get") == asked);
    const std::string wrong = make_generated_key();
    CHECK_THAT(auth.judge_key(wrong).message, Catch::Contains("not known"));
    CHECK_THAT(auth.judge_key(wrong).message, Catch::Contains("not known"));
    CHECK(host.store().calls("get") == asked + 1);
}

TEST_CASE("requests with the same new key share one question, and each is resumed once", "[auth][unit]") {
    FakeHost host;
    AuthStage maker(host);
    const std::string key = maker.create();
    AuthStage auth(host);
    const auto asked = host.store().calls("get");
    host.store().hold_answers(true);
    Judged first = auth.begin(AuthStage::with_key(key));
    Judged second = auth.begin(AuthStage::with_key(key));
    CHECK(first.verdict == Verdict::kPending);
    CHECK(second.verdict == Verdict::kPending);
    CHECK(host.store().calls("get") == asked + 1);
    first.exchange->cancel();
    host.loop().run_ready();
    host.store().hold_answers(false);
    host.store().release_answers();
    auth.finish(first);
    auth.finish(second);
    CHECK(first.verdict == Verdict::kContinue);
    CHECK(second.verdict == Verdict::kContinue);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("while the store fails known keys work for stale_ms and unknown ones get 503", "[auth][unit]") {
    FakeHost host;
    AuthStage maker(host);
    const std::string key = maker.create();
    const std::string later = maker.create();
    AuthStage auth(host, R"({"cache_ms":1000,"stale_ms":60000})");
    REQUIRE(auth.judge_key(key).verdict == Verdict::kContinue);
    host.store().go_down();
    host.advance(milliseconds(30000));
    CHECK(auth.judge_key(key).verdict == Verdict::kContinue);
    CHECK(auth.judge_key(key).verdict == Verdict::kContinue);
    const Judged unknown = auth.judge_key(later);
    CHECK(unknown.code == "backend_unavailable");
    CHECK_FALSE(unknown.exchange->response_header("WWW-Authenticate"));
    host.advance(milliseconds(31000));
    CHECK(auth.judge_key(key).code == "backend_unavailable");
    CHECK(host.metrics().value("store_failures_total") >= 3);
    std::size_t lines = 0;
    for (const auto& line : host.log().lines()) lines += line.message.find("the store fails") != std::string::npos;
    CHECK(lines == 1);
    host.store().come_up();
    CHECK(auth.judge_key(key).verdict == Verdict::kContinue);
    CHECK(host.log().has(SLUICE_LOG_INFO, "the store answers again"));
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a store that is down at the start counts as one with keys", "[auth][unit]") {
    FakeHost host;
    host.store().go_down();
    AuthStage auth(host);
    CHECK(auth.is_guarding());
    CHECK(auth.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
    host.store().come_up();
    CHECK(auth.judge(FakeRequest::chat("m", "hi")).verdict == Verdict::kContinue);
    CHECK_FALSE(auth.is_guarding());
}

TEST_CASE("an empty store that fails for longer than stale_ms counts as one with keys", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host, R"({"cache_ms":1000,"stale_ms":60000})");
    host.store().go_down();
    host.advance(milliseconds(30000));
    CHECK(auth.judge(FakeRequest::chat("m", "hi")).verdict == Verdict::kContinue);
    host.advance(milliseconds(31000));
    CHECK(auth.judge(FakeRequest::chat("m", "hi")).code == "missing_api_key");
}

TEST_CASE("a store with keys of another hash key is refused, and says what to do", "[auth][unit]") {
    FakeHost host;
    const std::string other = R"({"hash_key":"0123456789abcdef0123456789abcdef"})";
    AuthStage before(host, other);
    { AuthStage(host).create(); }
    CHECK_THROWS_WITH(AuthStage(host, other), Catch::Contains("hash_key") && Catch::Contains("Expected"));
    const CommandResult result = before.run({"create", "--name", "b"});
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.errors, Catch::Contains("another hash_key"));
}

TEST_CASE("the store holds hashes and masks, no key", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const std::string key = auth.create();
    for (const std::string& name : host.store().keys("auth")) {
        const std::string value = *host.store().value("auth", name);
        CHECK((name + value).find(key.substr(7, 20)) == std::string::npos);
        CHECK(value.find(host.folder().path()) == std::string::npos);
    }
    for (const auto& line : host.log().lines()) CHECK(line.message.find(key.substr(7, 20)) == std::string::npos);
}

TEST_CASE("a key whose settings do not fit an exchange is refused", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const std::string key = auth.create();
    const std::string record = R"({"id":"a","owner":"b","models":["gpt-4o*",")" + std::string(1024, 'm') + R"("]})";
    for (const std::string& name : host.store().keys("auth")) {
        if (name[0] == 'h' && name[1] == ':') host.store().set_value("auth", name, record);
    }
    AuthStage restarted(host);
    const Judged judged = restarted.judge_key(key);
    CHECK(judged.verdict == Verdict::kRefuse);
    CHECK(judged.code == "internal_error");
    CHECK(host.log().has(SLUICE_LOG_ERROR, "longer than 1024 bytes"));
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a client that leaves while the store is asked leads to one resume", "[auth][unit]") {
    FakeHost host;
    const std::string key = AuthStage(host).create();
    AuthStage auth(host);
    const auto shown = GENERATE_COPY(as<std::string>(), key, make_generated_key());
    host.store().hold_answers(true);
    Judged left = auth.begin(AuthStage::with_key(shown));
    REQUIRE(left.verdict == Verdict::kPending);
    left.exchange->cancel();
    host.loop().run_ready();
    CHECK_FALSE(left.exchange->resumed_with());
    host.store().hold_answers(false);
    host.store().release_answers();
    host.loop().run_ready();
    CHECK(left.exchange->resumed_with() == (shown == key ? SLUICE_CONTINUE : SLUICE_REFUSE));
    CHECK(host.store().held_answers() == 0);
    auth.finish(left);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a client that leaves while it is asked whether there are keys leads to one resume", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    host.advance(milliseconds(5001));
    host.store().hold_answers(true);
    Judged left = auth.begin(FakeRequest::chat("m", "hi"));
    REQUIRE(left.verdict == Verdict::kPending);
    left.exchange->cancel();
    host.loop().run_ready();
    CHECK_FALSE(left.exchange->resumed_with());
    host.store().hold_answers(false);
    host.store().release_answers();
    host.loop().run_ready();
    CHECK(left.exchange->resumed_with() == SLUICE_CONTINUE);
    auth.finish(left);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a record that cannot be read lets nobody in", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const std::string key = auth.create();
    const auto record =
        GENERATE(as<std::string>(), "", "{", "[]", R"({"id":"a"})", R"({"id":"a","owner":"b","models":"gpt-4o"})",
                 R"({"id":"a","owner":"b","routes":[1]})");
    for (const std::string& name : host.store().keys("auth")) {
        if (name[0] == 'h' && name[1] == ':') host.store().set_value("auth", name, record);
    }
    AuthStage restarted(host);
    CHECK(restarted.judge_key(key).code == "invalid_api_key");
    CHECK(host.log().has(SLUICE_LOG_ERROR, "cannot be read"));
}

}  // namespace sluice::auth
