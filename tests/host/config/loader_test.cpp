#include "loaded.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace sluice::config;
using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

namespace {

constexpr const char* kEcho = "backends: {echo: {plugin: echo.so}}\n";

}  // namespace

TEST_CASE("an empty mapping gives the defaults", "[config][unit]") { CHECK(config_of("{}") == Config()); }

TEST_CASE("a client has 50 ms to half-close after its request unless told otherwise", "[config][unit]") {
    CHECK(config_of("{}").server.timeouts.half_close == std::chrono::milliseconds(50));
}

TEST_CASE("every part of a file reaches the structs", "[config][unit]") {
    const Config config = config_of(R"(
server:
  host: "::1"
  port: 0
  workers: 3
  trusted_proxies: [10.0.0.0/8]
  limits: {head_bytes: 2048}
  timeouts: {request_ms: 1500}
log: {level: silent, format: pretty, access: false}
metrics: {public: true}
containment: {hook_ms: 0, cancel_ms: 7, failures: 3, window_ms: 2, retry_ms: 1}
admin: {listen: "[::1]:9345"}
backends:
  zebra: {plugin: a.so, config: {n: 1, s: "1", f: 0.5, l: [true, null]}}
  ant: {plugin: /opt/b.so}
middleware:
  - {name: first, plugin: m.so, config: {limit: 5}}
  - {name: second, plugin: m.so}
request_headers:
  X-Kind: {one_of: ["a", "b"]}
routes:
  - {match: {path: "/v1/*", method: POST, model: "m-*", header: {name: X-Kind, in: ["a"]}}, backend: ant}
  - {match: {header: {name: X-Kind, equals: "b"}}, error: {code: backend_unavailable, message: no, mode: m}}
  - {match: {header: {name: X-Kind, present: false}, listed_model: true}}
  - {backend: zebra, timeouts: {request_ms: 1, first_event_ms: 2, event_gap_ms: 3}}
)");
    CHECK(config.server.host == "::1");
    CHECK(config.server.port == 0);
    CHECK(config.server.workers == 3);
    CHECK(config.server.trusted_proxies == Texts{"10.0.0.0/8"});
    CHECK(config.server.limits.head_bytes == 2048);
    CHECK(config.server.timeouts.request == 1500ms);
    CHECK(config.log == Log{LogLevel::kSilent, LogFormat::kPretty, false});
    CHECK(config.metrics.is_public);
    CHECK(config.containment == Containment{0ms, 7ms, 3, 2ms, 1ms});
    CHECK(config.admin == Admin{AdminListen::kTcp, "::1", 9345, ""});
    REQUIRE(config.backends.size() == 2);
    CHECK(config.backends[0] ==
          Backend{"zebra", "a.so", Isolation::kNone, R"({"n":1,"s":"1","f":0.5,"l":[true,null]})", {}});
    CHECK(config.backends[1] == Backend{"ant", "/opt/b.so", Isolation::kNone, "{}", {}});
    REQUIRE(config.middleware.size() == 2);
    CHECK(config.middleware[0] == Middleware{"first", "m.so", Isolation::kNone, R"({"limit":5})", {}});
    CHECK(config.request_headers == std::vector<RequestHeader>{{"X-Kind", {"a", "b"}}});
    REQUIRE(config.routes.size() == 4);
    CHECK(config.routes[0].match ==
          RouteMatch{"/v1/*", "POST", ValueMatch{"X-Kind", ValueTest::kIn, {"a"}, true}, "m-*", false, {}});
    CHECK(config.routes[0].targets == std::vector<Target>{{.backend = "ant"}});
    CHECK(config.routes[1].target == RouteTarget::kError);
    CHECK(config.routes[1].error == RouteError{"backend_unavailable", "no", "m"});
    CHECK(config.routes[1].match.header == ValueMatch{"X-Kind", ValueTest::kEquals, {"b"}, true});
    CHECK(config.routes[2].target == RouteTarget::kListedModel);
    CHECK(config.routes[2].match.header == ValueMatch{"X-Kind", ValueTest::kPresent, {}, false});
    CHECK(config.routes[3].timeouts == RouteTimeouts{1ms, 2ms, 3ms, {}});
}

TEST_CASE("a route takes its targets, retries and fallbacks from the file", "[config][unit]") {
    const Config config = config_of(R"(
backends:
  ant: {plugin: a.so}
  bee: {plugin: b.so}
routes:
  - match: {attribute: {name: key.id, equals: k1}}
    targets:
      - {backend: ant, weight: 3, max_concurrent: 7, timeouts: {first_event_ms: 9, head_ms: 8}}
      - {backend: bee, model: m}
    balance: fastest
    sticky_header: X-Session
    retry: {attempts: 3, backoff_ms: 1, max_backoff_ms: 2, max_retry_after_ms: 3, budget_percent: 4, on: [connect, "503"]}
    fallbacks: [{backend: bee, on: [cut, "code:odd"]}]
    breaker: {failure_percent: 1, min_calls: 2, window_ms: 300, open_ms: 4, slow_ms: 5, slow_percent: 6, check_ms: 7}
    on_cut: restart
    hold_bytes: 2048
    hold_ms: 8
)");
    const Route& route = config.routes.at(0);
    CHECK(route.match.attribute == ValueMatch{"key.id", ValueTest::kEquals, {"k1"}, true});
    CHECK(route.targets ==
          std::vector<Target>{{"ant", {}, 3, 7, {{}, 9ms, {}, 8ms}, {}}, {.backend = "bee", .model = "m"}});
    CHECK(route.balance == Balance::kFastest);
    CHECK(route.sticky_header == "X-Session");
    CHECK(route.retry == Retry{3, 1ms, 2ms, 3ms, 4, {"connect", "503"}});
    CHECK(route.fallbacks == std::vector<Target>{{.backend = "bee", .on = {"cut", "code:odd"}}});
    CHECK(route.breaker == Breaker{true, 1, 2, 300ms, 4ms, 5ms, 6, 7ms});
    CHECK(route.on_cut == OnCut::kRestart);
    CHECK(route.hold_bytes == 2048);
    CHECK(route.hold == 8ms);
}

TEST_CASE("what is wrong with targets, retries and fallbacks is named with its place", "[config][unit]") {
    const auto problems = problems_of(R"(
backends: {ant: {plugin: a.so}}
routes:
  - targets: [{backend: ant, weight: 0}, {backend: bee}]
    retry: {backoff_ms: 9, max_backoff_ms: 8, on: [conect]}
    fallbacks: [{backend: wasp, on: ["600"]}]
    sticky_header: X Session
  - match: {path: /a}
    error: {code: not_found, message: no}
    retry: {attempts: 2}
  - match: {path: /b}
    backend: ant
    targets: [{backend: ant}]
)");
    const std::string words =
        "expected one of connect, timeout, rate_limit, server_error, auth, cut, busy, circuit_open, client_error, "
        "context_length_exceeded, a status from 400 to 599, or code: and the code of an error";
    CHECK(
        problems ==
        Texts{"routes[2]: found backend, targets, expected exactly one of backend, targets, error, match.listed_model",
              "routes[0].targets[1].backend: no plugin instance \"bee\" (known: ant)",
              "routes[0].fallbacks[0].backend: no plugin instance \"wasp\" (known: ant)",
              "routes[0].fallbacks[0].on[0]: found \"600\", " + words,
              "routes[0].retry.on[0]: found \"conect\", " + words,
              "routes[0].retry.max_backoff_ms: found 8, expected at least backoff_ms, which is 9",
              "routes[0].sticky_header: found \"X Session\", expected the name of a header",
              "routes[1]: found retry, fallbacks, breaker, balance, sticky_header or on_cut, expected them only with "
              "backend or targets"});
}

TEST_CASE("the store reaches the structs, its password resolved", "[config][unit]") {
    const Config config = config_of(R"(
store:
  memory_bytes: 2097152
  sqlite: {file: /var/lib/s.db}
  redis: {host: r.example, port: 7000, database: 3, user: u, password: "env:REDIS_PASSWORD", key_prefix: "g:",
          connections: 16, timeout_ms: 10}
  namespaces: {auth: sqlite, rate-limit.1: redis, scratch_: memory}
)",
                                    Environment{{"REDIS_PASSWORD", "geheim"}});
    const Redis redis{"r.example", 7000, 3, "u", "geheim", "g:", 16, 10ms};
    CHECK(config.store ==
          Store{2097152,
                "/var/lib/s.db",
                redis,
                {{"auth", StoreKind::kSqlite}, {"rate-limit.1", StoreKind::kRedis}, {"scratch_", StoreKind::kMemory}}});
}

TEST_CASE("a password of the store that cannot be had is a problem without its value", "[config][unit]") {
    CHECK(problems_of("store: {redis: {host: r, password: \"env:NOT_THERE\"}}") ==
          Texts{"store.redis.password: the environment variable \"NOT_THERE\" of env: is not set"});
}

TEST_CASE("numbers of the store have their ranges", "[config][unit]") {
    const auto [key, value] = GENERATE(table<std::string, int>({{"connections", 0},
                                                                {"connections", 17},
                                                                {"timeout_ms", 9},
                                                                {"timeout_ms", 60001},
                                                                {"port", 0},
                                                                {"database", -1}}));
    const Texts problems = problems_of("store: {redis: {" + key + ": " + std::to_string(value) + "}}");
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(), Catch::StartsWith("store.redis." + key + ": found " + std::to_string(value)));
    CHECK(problems_of("store: {memory_bytes: 1000}").size() == 1);
}

TEST_CASE("a wrong value is named with path, found, expected and variable", "[config][unit]") {
    CHECK(problems_of("server:\n  port: ${PORT:-1}\n", Environment{{"PORT", "abc"}}) ==
          Texts{"server.port: found \"abc\", expected an integer from 0 to 65535 (from ${PORT})"});
    CHECK(problems_of("server: {port: 65536}") ==
          Texts{"server.port: found 65536, expected an integer from 0 to 65535"});
    CHECK(problems_of("server: {port: true}") == Texts{"server.port: found true, expected an integer from 0 to 65535"});
    CHECK(problems_of("server: {port: 1.5}") == Texts{"server.port: found 1.5, expected an integer from 0 to 65535"});
    CHECK(problems_of("server: {host: 1}") == Texts{"server.host: found 1, expected a string that is not empty"});
    CHECK(problems_of("server: {host: \"\"}") == Texts{"server.host: found \"\", expected a string that is not empty"});
    CHECK(problems_of("server: 5") == Texts{"server: found 5, expected a mapping"});
    CHECK(problems_of("routes: {}") == Texts{"routes: found a mapping, expected a list"});
    CHECK(problems_of("log: {level: loud}") ==
          Texts{"log.level: found \"loud\", expected one of fatal, error, warn, info, debug, trace, silent"});
    CHECK(problems_of("log: {access: yes}") == Texts{"log.access: found \"yes\", expected true or false"});
    CHECK(problems_of("server:\n  limits:\n") == Texts{"server.limits: found nothing (null), expected a mapping"});
}

TEST_CASE("an unset variable is named with the path", "[config][unit]") {
    CHECK(problems_of("server:\n  port: ${PORT}\n") ==
          Texts{"server.port: the environment variable ${PORT} is not set and has no default"});
}

TEST_CASE("every unknown key is named with those that are known", "[config][unit]") {
    CHECK(problems_of("log: {levle: info, levels: info}") ==
          Texts{"log.levle: unknown key (known: level, format, access)",
                "log.levels: unknown key (known: level, format, access)"});
    CHECK(problems_of("metrix: {}") == Texts{"metrix: unknown key (known: server, log, metrics, explain, containment, "
                                             "admin, reload, store, backends, middleware, request_headers, routes)"});
    CHECK(problems_of("backends: {a: {plugin: a.so, cfg: {}}}") ==
          Texts{"backends.a.cfg: unknown key (known: plugin, isolation, config)"});
}

TEST_CASE("a missing key is named with what it should hold", "[config][unit]") {
    CHECK(problems_of("backends: {a: {}}") == Texts{"backends.a.plugin: missing, expected a string that is not empty"});
}

TEST_CASE("problems of every kind are reported together", "[config][unit]") {
    const Texts problems = problems_of(R"(
server: {port: abc, prot: 1, host: nowhere}
log:
  level: ${LEVEL}
  level: info
backends: {openai: {plugin: openai.so}, echo: {plugin: ""}}
routes:
  - {match: {path: "/x"}, backend: opnai}
  - {match: {path: "/y"}}
)");
    CHECK_THAT(problems,
               Catch::UnorderedEquals(Texts{
                   "log.level: the environment variable ${LEVEL} is not set and has no default",
                   "log.level: found twice (lines 4 and 5), expected once",
                   "server.port: found \"abc\", expected an integer from 0 to 65535",
                   "server.prot: unknown key (known: host, port, event_loops, workers, worker_queue, "
                   "max_connections, state_dir, "
                   "plugin_dir, trusted_proxies, limits, timeouts, cors)",
                   "backends.echo.plugin: found \"\", expected a string that is not empty",
                   "routes[1]: found no target, expected exactly one of backend, targets, error, match.listed_model",
                   "server.host: found \"nowhere\", expected an IPv4 or IPv6 address such as 127.0.0.1 or ::1",
                   "routes[0].backend: no plugin instance \"opnai\" (known: openai, echo)"}));
}

TEST_CASE("what follows from a wrong value is not reported again", "[config][unit]") {
    CHECK(problems_of("routes: [5]") == Texts{"routes[0]: found 5, expected a mapping"});
    CHECK(problems_of("middleware: [5]") == Texts{"middleware[0]: found 5, expected a mapping"});
    CHECK(problems_of(
              "backends: {a: {plugin: a.so}}\nroutes: [{match: 5, backend: a}, {match: {path: \"\"}, backend: a}]") ==
          Texts{"routes[0].match: found 5, expected a mapping",
                "routes[1].match.path: found \"\", expected a string that is not empty"});
    CHECK(problems_of("backends: 5\nroutes: [{backend: echo}]") == Texts{"backends: found 5, expected a mapping"});
}

TEST_CASE("a problem of a mapping does not hide those of its parts", "[config][unit]") {
    CHECK(problems_of("routes: [{match: {path: v1}}]") ==
          Texts{"routes[0]: found no target, expected exactly one of backend, targets, error, match.listed_model",
                "routes[0].match.path: found \"v1\", expected a path that begins with / or *"});
}

TEST_CASE("a route names an instance that exists", "[config][unit]") {
    CHECK(problems_of("routes: [{backend: echo}]") ==
          Texts{"routes[0].backend: no plugin instance \"echo\" (none is known)"});
}

TEST_CASE("a document that is no mapping is refused", "[config][unit]") {
    CHECK(problems_of("") == Texts{"found nothing (null), expected a mapping such as \"server: …\""});
    CHECK(problems_of("[1]") == Texts{"found a list, expected a mapping such as \"server: …\""});
    CHECK(problems_of("hello") == Texts{"found \"hello\", expected a mapping such as \"server: …\""});
    CHECK(problems_of("${A}") == Texts{"the environment variable ${A} is not set and has no default"});
}

TEST_CASE("a document over the limit is refused and one at the limit is read", "[config][unit]") {
    const std::string start = "{} #";
    CHECK(problems_of(start + std::string(kMaxDocumentBytes - start.size(), 'x')).empty());
    CHECK(problems_of(start + std::string(kMaxDocumentBytes - start.size() + 1, 'x')) ==
          Texts{"found more than 1048576 bytes, expected at most that many"});
}

TEST_CASE("a long wrong value is cut in the message", "[config][unit]") {
    const Texts problems = problems_of("server: {port: " + std::string(5000, 'x') + "}");
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().size() < 200);
}

TEST_CASE("origins may stand in a list or in text with commas", "[config][unit]") {
    const Texts expected{"https://a.example", "http://b.example:8080"};
    CHECK(config_of("server: {cors: {allowed_origins: [https://a.example, \"http://b.example:8080\"]}}")
              .server.cors.allowed_origins == expected);
    CHECK(config_of("server: {cors: {allowed_origins: \"https://a.example, http://b.example:8080,\"}}")
              .server.cors.allowed_origins == expected);
    CHECK(config_of("server: {cors: {allowed_origins: \"\"}}").server.cors.allowed_origins.empty());
    CHECK(problems_of("server: {cors: {allowed_origins: 5}}") ==
          Texts{"server.cors.allowed_origins: found 5, expected a list of origins, or text with commas between them"});
}

TEST_CASE("the variables of a plugin's configuration stay with the instance", "[config][unit]") {
    const Config config =
        config_of("backends:\n  a:\n    plugin: a.so\n    config:\n      on: ${ON}\n      m: {x.y: [\"${V}\"]}\n",
                  Environment{{"ON", "true"}, {"V", "1"}});
    CHECK(config.backends[0].config_json == R"({"on":true,"m":{"x.y":["1"]}})");
    CHECK(config.backends[0].config_origins == Origins{{"on", "${ON}"}, {"m[\"x.y\"][0]", "${V}"}});
}

TEST_CASE("localhost stands for the loopback address", "[config][unit]") {
    CHECK(config_of("server: {host: localhost}").server.host == "127.0.0.1");
}

TEST_CASE("a file that cannot be read is named", "[config][unit]") {
    const auto missing = load_file("/nonexistent/sluice.yaml", Environment());
    REQUIRE(missing.problems.size() == 1);
    CHECK(missing.problems.front().text() == "cannot read /nonexistent/sluice.yaml");
    CHECK_FALSE(missing.config);
    CHECK_THAT(load_file("/", Environment()).problems.front().text(), Catch::Contains("is a folder"));
}

TEST_CASE("a file is read like text", "[config][unit]") {
    const auto file =
        std::filesystem::temp_directory_path() / ("sluice_loader_test_" + std::to_string(::getpid()) + ".yaml");
    std::ofstream(file) << kEcho;
    const LoadResult result = load_file(file, Environment());
    std::filesystem::remove(file);
    REQUIRE(result.config);
    CHECK(*result.config == config_of(kEcho));
}
