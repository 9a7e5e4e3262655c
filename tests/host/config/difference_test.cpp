#include "config/difference.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice::config;

namespace {

using Lines = std::vector<std::string>;

std::string text_of(const Problems& problems) {
    std::string text;
    for (const Problem& problem : problems) text += problem.text() + "\n";
    return text;
}

}  // namespace

TEST_CASE("files that say the same do not differ, in whatever order they say it", "[config][unit]") {
    CHECK(differences(R"({"a":1,"b":{"c":[1,2]}})", R"({"b":{"c":[1,2]},"a":1})").empty());
}

TEST_CASE("a value that changed is shown with its path", "[config][unit]") {
    CHECK(differences(R"({"server":{"timeouts":{"idle_ms":1}}})", R"({"server":{"timeouts":{"idle_ms":2}}})") ==
          Lines{"server.timeouts.idle_ms: 1 -> 2"});
    CHECK(differences(R"({"log":{}})", R"({"log":{"level":"debug"}})") == Lines{"log.level: (default) -> \"debug\""});
    CHECK(differences(R"({"log":{"level":"debug"}})", R"({"log":{}})") == Lines{"log.level: \"debug\" -> (default)"});
}

TEST_CASE("parts that come or go are named, not shown", "[config][unit]") {
    CHECK(differences(R"({"backends":{"a":{}}})", R"({"backends":{"a":{},"b":{"plugin":"b.so"}}})") ==
          Lines{"backends.b: added"});
    CHECK(differences(R"({"routes":[{"x":1},{"y":2}]})", R"({"routes":[{"n":0},{"x":1},{"y":2}]})") ==
          Lines{"routes[0]: added"});
    CHECK(differences(R"({"routes":[{"x":1},{"y":2},{"z":3}]})", R"({"routes":[{"x":1},{"z":3}]})") ==
          Lines{"routes[1]: removed"});
    CHECK(differences(R"({"routes":[{"x":1}]})", R"({"routes":[{"x":2}]})") == Lines{"routes[0].x: 1 -> 2"});
}

TEST_CASE("what may be a secret is not shown", "[config][unit]") {
    CHECK(differences(R"({"backends":{"a":{"config":{"api_key":"sk-old"}}}})",
                      R"({"backends":{"a":{"config":{"api_key":"sk-new"}}}})") ==
          Lines{"backends.a.config.api_key: changed"});
    CHECK(differences(R"({"middleware":[{"config":{"keys":["k1"]}}]})",
                      R"({"middleware":[{"config":{"keys":["k2"]}}]})") ==
          Lines{"middleware[0].config.keys[0]: changed"});
    CHECK(differences(R"({"store":{"redis":{"password":"a"}}})", R"({"store":{"redis":{"password":"b"}}})") ==
          Lines{"store.redis.password: changed"});
    CHECK(differences(R"({"admin":{}})", R"({"admin":{"token":"b"}})") == Lines{"admin.token: added"});
}

TEST_CASE("settings that a running gateway cannot change are problems with both values", "[config][unit]") {
    Config running;
    Config next;
    CHECK(restart_needed(running, next).empty());
    next.server.port = 4000;
    next.server.state_dir = "/elsewhere";
    next.store.memory_bytes = 1;
    next.admin.token = "may change";
    next.explain.requests = 0;
    next.server.timeouts.idle = std::chrono::milliseconds(5);
    const std::string text = text_of(restart_needed(running, next));
    CHECK(text.find("server.port: found 4000, the gateway runs with 3456: this changes only with a restart\n") !=
          std::string::npos);
    CHECK(text.find("server.state_dir: found \"/elsewhere\", the gateway runs with \"\"") != std::string::npos);
    CHECK(text.find("explain.requests: found 0, the gateway runs with 1000") != std::string::npos);
    CHECK(text.find("store: has changed") != std::string::npos);
    CHECK(text.find("admin") == std::string::npos);
    CHECK(text.find("timeouts") == std::string::npos);
}
