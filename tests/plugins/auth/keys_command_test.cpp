#include <catch2/catch.hpp>

#include <algorithm>

#include "auth_stage.hpp"

namespace sluice::auth {
namespace {

using std::chrono::milliseconds;

}  // namespace

TEST_CASE("create makes a key with all its settings and shows it once", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const CommandResult made = auth.run({"create",  "--name",     "Zo\xC3\xAB", "--owner=team",  "--expires",
                                         "30d",     "--model",    "gpt-*",      "--model",       "o1",
                                         "--route", "/v1/*",      "--requests", "5/1000",        "--concurrent",
                                         "2",       "--tokens",   "900",        "--budget",      "12.50",
                                         "--label", "stage=test", "--metadata", R"({"a":[1,2]})"});
    REQUIRE(made.exit_code == 0);
    const std::string key = made.output.substr(0, 55);
    const Judged judged = auth.judge_key(key);
    CHECK(judged.id == "team");
    CHECK(judged.exchange->attribute("key.limits") == "requests=5/1000 concurrent=2 tokens=900/60000");
    CHECK(judged.exchange->attribute("key.masked") == "sk-slc-..." + key.substr(51));
    CHECK(auth.judge(AuthStage::with_key(key).set_model("claude")).code == "model_not_allowed");
    const std::string shown = auth.run({"show", auth.only_id()}).output;
    for (const char* words : {"Zo\xC3\xAB", "2023-12-14T22:13", "gpt-*,o1", "/v1/*", "stage=test", R"({"a":[1,2]})",
                              "12.50", "active", "requests=5/1000"}) {
        CHECK_THAT(shown, Catch::Contains(words));
    }
    CHECK_THAT(shown + auth.run({"list"}).output, !Catch::Contains(key));
    CHECK_THAT(auth.run({"show", "--json", auth.only_id()}).output, Catch::Contains(R"("models":["gpt-*","o1"])"));
    CHECK_THAT(auth.run({"create", "--name", "b", "--json"}).output, Catch::StartsWith(R"({"key":"sk-slc-)"));
    CHECK(host.log().has(SLUICE_LOG_INFO, "keys: created key_"));
    host.advance(std::chrono::hours(24 * 30));
    CHECK_THAT(auth.judge_key(key).message, Catch::Contains("expired"));
    CHECK(host.breaches().text() == "");
}

TEST_CASE("rotate keeps owner and settings, and the old key works for the overlap", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const std::string old_key = auth.create({"--requests", "7"});
    const std::string id = auth.only_id();
    const CommandResult rotated = auth.run({"rotate", id, "--overlap", "1h"});
    REQUIRE(rotated.exit_code == 0);
    const std::string new_key = rotated.output.substr(0, 55);
    CHECK(new_key != old_key);
    CHECK(auth.judge_key(new_key).id == id);
    CHECK(auth.judge_key(new_key).exchange->attribute("key.limits") == "requests=7/60000");
    CHECK(auth.judge_key(old_key).id == id);
    host.advance(std::chrono::hours(1));
    CHECK(auth.judge_key(old_key).code == "invalid_api_key");
    CHECK(auth.judge_key(new_key).id == id);
    CHECK(auth.run({"rotate", id}).exit_code == 1);
}

TEST_CASE("a key that was rotated is not rotated again, and names its successor", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    auth.create({"--expires", "30d"});
    const std::string id = auth.only_id();
    const std::string made = auth.run({"rotate", id, "--overlap", "1h"}).output;
    const std::string successor = made.substr(made.find("key_"), 20);
    CHECK_THAT(auth.run({"show", id}).output, Catch::Contains("successor: " + successor));
    CHECK_THAT(auth.run({"show", successor}).output, !Catch::Contains("successor"));
    const CommandResult again = auth.run({"rotate", id});
    CHECK(again.exit_code == 1);
    CHECK(again.output.empty());
    CHECK_THAT(again.errors, Catch::Contains("its successor is " + successor));
    const std::string next = auth.run({"rotate", successor}).output;
    host.advance(std::chrono::hours(24 * 29));
    CHECK(auth.judge_key(next.substr(0, 55)).verdict == Verdict::kContinue);
}

TEST_CASE("a new key is shown also where the old one cannot be ended", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const std::string old_key = auth.create();
    const std::string id = auth.only_id();
    host.store().go_down_after(5);  // the old key's index and record, and three questions for the new one
    const CommandResult rotated = auth.run({"rotate", id});
    host.store().come_up();
    CHECK(rotated.exit_code == 1);
    CHECK_THAT(rotated.errors, Catch::Contains(id + " could not be ended: the store does not answer"));
    REQUIRE_THAT(rotated.output, Catch::StartsWith("sk-slc-"));
    CHECK(auth.judge_key(rotated.output.substr(0, 55)).id == id);
    CHECK(auth.judge_key(old_key).id == id);
}

TEST_CASE("a mistake in the words of a command says what was found and expected", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const auto [words, message] = GENERATE(table<std::vector<std::string>, std::string>({
        {std::vector<std::string>(), "expected an action"},
        {{"destroy"}, "found \"destroy\""},
        {{"create"}, "--name: expected a name"},
        {{"create", "--name"}, "--name: expected a value, found none"},
        {{"create", "--name", "a", "--name", "b"}, "--name: expected it once"},
        {{"create", "--name", ""}, "--name: expected 1 to 200 characters"},
        {{"create", "--name", std::string(201, 'a')}, "--name: expected 1 to 200 characters"},
        {{"create", "--name", "a\r\nSET x y"}, "--name: expected 1 to 200 characters"},
        {{"create", "--name", "\xFF"}, "--name: expected 1 to 200 characters"},
        {{"create", "--nam", "a"}, "found the option --nam, expected one of --name"},
        {{"create", "--name", "a", "--expires", "soon"}, "--expires: found \"soon\""},
        {{"create", "--name", "a", "--expires", "2020-01-01"}, "expected a time to come"},
        {{"create", "--name", "a", "--requests", "0"}, "--requests: found \"0\""},
        {{"create", "--name", "a", "--requests", "5/"}, "--requests: found \"5/\""},
        {{"create", "--name", "a", "--tokens", "-1"}, "--tokens: found \"-1\""},
        {{"create", "--name", "a", "--concurrent", "1/2"}, "--concurrent: found"},
        {{"create", "--name", "a", "--budget", "1e3"}, "--budget: found"},
        {{"create", "--name", "a", "--metadata", "[1]"}, "--metadata: expected one JSON object"},
        {{"create", "--name", "a", "--label", "x"}, "--label: expected NAME=VALUE"},
        {{"create", "a"}, "expected options only"},
        {{"list", "all"}, "found \"all\""},
        {{"list", "--json=1"}, "--json: expected no value"},
        {{"show"}, "expected one ID, found 0"},
        {{"show", "key_1"}, "found \"key_1\""},
        {{"revoke", "i:*"}, "found \"i:*\""},
        {{"rotate", "key_0123456789abcdef", "--overlap", "1"}, "--overlap: found \"1\""},
    }));
    const CommandResult result = auth.run(words);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.errors, Catch::Contains(message));
    CHECK(result.output.empty());
    CHECK(host.store().keys("auth").empty());
    CHECK(host.breaches().text() == "");
}

TEST_CASE("the models of a key are at most 1024 bytes in all", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    std::vector<std::string> words = {"create", "--name", "a"};
    for (int count = 0; count < 6; ++count) words.insert(words.end(), {"--model", std::string(170, 'm')});
    words.back().resize(169);
    CHECK(auth.run(words).exit_code == 0);
    words.insert(words.end(), {"--model", std::string(1, 'm')});
    CHECK_THAT(auth.run(words).errors, Catch::Contains("--model: found \"1026 bytes in all\", expected at most 1024"));
}

TEST_CASE("names that look like commands of a store are names", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const auto name = GENERATE(as<std::string>(), "'; DROP TABLE keys; --", "*3 $3 SET", "h:*",
                               "\xE9\x8D\xB5 \xF0\x9F\x94\x91", R"(","revoked":1,"x":")");
    REQUIRE(auth.run({"create", "--name", name, "--owner", name}).exit_code == 0);
    CHECK_THAT(auth.run({"show", auth.only_id()}).output,
               Catch::Contains("name:      " + name + "\nowner:     " + name));
    CHECK(host.store().keys("auth").size() == 3);
}

TEST_CASE("an id that is not there, a store that fails and keys that are switched off end with 1", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    AuthStage without(host, R"({"managed":false})");
    CHECK_THAT(auth.run({"revoke", "key_0123456789abcdef"}).errors, Catch::Contains("there is no key"));
    CHECK_THAT(without.run({"list"}).errors, Catch::Contains("managed"));
    host.store().go_down();
    const CommandResult result = auth.run({"create", "--name", "a"});
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.errors, Catch::Contains("the store does not answer"));
    CHECK(result.output.empty());
}

TEST_CASE("a create that fails on the way does not make gateways ask for keys, or says so", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const auto [questions, may_ask, is_open] = GENERATE(
        table<std::size_t, bool, bool>({{0, false, true}, {1, false, true}, {2, true, true}, {3, true, false}}));
    host.store().go_down_after(questions);
    const CommandResult result = auth.run({"create", "--name", "a"});
    host.store().come_up();
    CHECK(result.exit_code == 1);
    CHECK((result.errors.find("Gateways may ask for keys from now on") != std::string::npos) == may_ask);
    AuthStage restarted(host);
    CHECK(restarted.judge(FakeRequest::chat("m", "hi")).code == (is_open ? "" : "missing_api_key"));
    CHECK(restarted.judge_key(restarted.create()).verdict == Verdict::kContinue);
}

TEST_CASE("list shows every key of a store that holds many", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    CHECK_THAT(auth.run({"list"}).output, Catch::Contains("no keys yet"));
    for (int count = 0; count < 1010; ++count) auth.create();
    const auto asked = host.store().calls("scan");
    const std::string list = auth.run({"list"}).output;
    CHECK(std::count(list.begin(), list.end(), '\n') == 1011);
    CHECK(host.store().calls("scan") == asked + 2);
}

TEST_CASE("help stands beside every action", "[auth][unit]") {
    FakeHost host;
    AuthStage auth(host);
    const auto words = GENERATE(std::vector<std::string>{"--help"}, std::vector<std::string>{"create", "--help"},
                                std::vector<std::string>{"rotate", "x", "--help"});
    const CommandResult result = auth.run(words);
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.output, Catch::StartsWith("Usage: sluice keys"));
}

}  // namespace sluice::auth
