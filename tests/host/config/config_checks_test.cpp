#include "loaded.hpp"

#include <catch2/catch.hpp>

using namespace sluice::config;

using Texts = std::vector<std::string>;

TEST_CASE("names of instances are well-formed", "[config][unit]") {
    CHECK(problems_of("backends: {A-b_c.1: {plugin: a.so}}").empty());
    const std::string name = GENERATE(as<std::string>(), "-a", ".a", "a b", "a/b", "é", std::string(65, 'a'));
    INFO(name);
    const Texts problems = problems_of("backends: {\"" + name + "\": {plugin: a.so}}");
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(),
               Catch::StartsWith("backends") && Catch::Contains("expected a name of 1 to 64 letters"));
}

TEST_CASE("a name is used once among middleware and backends", "[config][unit]") {
    CHECK(problems_of("middleware: [{name: a, plugin: m.so}, {name: a, plugin: n.so}]") ==
          Texts{"middleware[1].name: found \"a\", which middleware[0].name has too, expected a name of its own"});
    CHECK(problems_of("backends: {a: {plugin: b.so}}\nmiddleware: [{name: a, plugin: m.so}]") ==
          Texts{"middleware[0].name: found \"a\", which backends.a has too, expected a name of its own"});
}

TEST_CASE("the same plugin may stand in the chain more than once", "[config][unit]") {
    CHECK(problems_of("middleware: [{name: a, plugin: m.so}, {name: b, plugin: m.so}]").empty());
}

TEST_CASE("a namespace that lives in Redis needs the server", "[config][unit]") {
    CHECK(problems_of("store: {redis: {host: r}, namespaces: {auth: redis}}").empty());
    CHECK(problems_of("store: {namespaces: {auth: redis}}") ==
          Texts{"store.namespaces.auth: found redis, but store.redis.host is empty; expected the server there"});
}

TEST_CASE("names of namespaces are well-formed", "[config][unit]") {
    CHECK(problems_of("store: {namespaces: {a-z_0.9: memory}}").empty());
    const std::string name = GENERATE(as<std::string>(), "Auth", "a b", "a/b", std::string(65, 'a'));
    const Texts problems = problems_of("store: {namespaces: {\"" + name + "\": memory}}");
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(),
               Catch::StartsWith("store.namespaces") && Catch::Contains("expected a name of 1 to 64"));
}

TEST_CASE("trusted proxies are addresses or blocks", "[config][unit]") {
    CHECK(problems_of("server: {trusted_proxies: [10.0.0.0/8, nginx, \"::1\"]}") ==
          Texts{"server.trusted_proxies[1]: found \"nginx\", expected an address or a CIDR block such as 10.0.0.0/8"});
}

TEST_CASE("allowed origins are origins, and the variable they came from is named", "[config][unit]") {
    CHECK(problems_of("server:\n  cors:\n    allowed_origins: \"${CORS}\"\n",
                      Environment{{"CORS", "https://a.example,app"}}) ==
          Texts{"server.cors.allowed_origins: found \"app\", expected an origin such as https://app.example, or * "
                "(from ${CORS})"});
    const std::string origin = GENERATE(as<std::string>(), "https://a.example/", "https://", "://a", "https://a b");
    CHECK(problems_of("server: {cors: {allowed_origins: [\"" + origin + "\"]}}").size() == 1);
}

TEST_CASE("the admin listener is a word or an address with a port", "[config][unit]") {
    CHECK(config_of("admin: {listen: off}").admin.listen == AdminListen::kOff);
    CHECK(config_of("admin: {listen: unix}").admin.listen == AdminListen::kUnix);
    CHECK(problems_of("admin: {listen: tcp}") ==
          Texts{"admin.listen: found \"tcp\", expected unix, off, or an address with a port such as 127.0.0.1:9345"});
    CHECK(problems_of("admin: {listen: 9345}") ==
          Texts{"admin.listen: found 9345, expected unix, off, or an address with a port such as 127.0.0.1:9345"});
}

TEST_CASE("a route has exactly one target", "[config][unit]") {
    const std::string backends = "backends: {a: {plugin: a.so}}\n";
    CHECK(problems_of(backends + "routes: [{match: {listed_model: true}, backend: a}]") ==
          Texts{"routes[0]: found backend, match.listed_model, expected exactly one of backend, targets, error, "
                "match.listed_model"});
    CHECK(
        problems_of(backends + "routes: [{backend: a, error: {code: x, message: y}}]") ==
        Texts{"routes[0]: found backend, error, expected exactly one of backend, targets, error, match.listed_model"});
    CHECK(problems_of("routes: [{match: {listed_model: false}}]") ==
          Texts{"routes[0].match.listed_model: found false, expected true",
                "routes[0]: found no target, expected exactly one of backend, targets, error, match.listed_model"});
}

TEST_CASE("a header condition has exactly one test", "[config][unit]") {
    const std::string start = "backends: {a: {plugin: a.so}}\nroutes: [{backend: a, match: {header: ";
    CHECK(problems_of(start + "{name: X}}}]") ==
          Texts{"routes[0].match.header: found none, expected exactly one of in, present, equals"});
    CHECK(problems_of(start + "{name: X, equals: a, present: true}}}]") ==
          Texts{"routes[0].match.header: found present, equals, expected exactly one of in, present, equals"});
    CHECK(problems_of(start + "{name: X, in: [true]}}}]") ==
          Texts{"routes[0].match.header.in[0]: found true, expected a string"});
    CHECK(problems_of(start + "{name: \"X Y\", present: true}}}]") ==
          Texts{"routes[0].match.header.name: found \"X Y\", expected the name of a header"});
}

TEST_CASE("paths begin with a slash and methods are in capitals", "[config][unit]") {
    const std::string start = "backends: {a: {plugin: a.so}}\nroutes: [{backend: a, match: ";
    CHECK(problems_of(start + "{path: v1}}]") ==
          Texts{"routes[0].match.path: found \"v1\", expected a path that begins with / or *"});
    CHECK(problems_of(start + "{path: \"*\"}}]").empty());
    CHECK(problems_of(start + "{method: post}}]") ==
          Texts{"routes[0].match.method: found \"post\", expected a method in capitals such as POST"});
}

TEST_CASE("a route behind one that matches everything is a mistake", "[config][unit]") {
    CHECK(problems_of("backends: {a: {plugin: a.so}}\nroutes: [{backend: a}, {match: {path: /x}, backend: a}]") ==
          Texts{"routes[1]: never reached, because routes[0] matches every request; expected that one to be the last"});
}

TEST_CASE("closed headers have names and values that HTTP allows", "[config][unit]") {
    CHECK(problems_of("request_headers: {X-A: {one_of: [a]}, x-a: {one_of: [b]}}") ==
          Texts{"request_headers.x-a: found the header \"X-A\" again, expected once (names have no case)"});
    CHECK(problems_of("request_headers: {X-A: {one_of: [\"a\\n\"]}}") ==
          Texts{"request_headers.X-A.one_of[0]: found \"a\\n\", expected a value of visible ASCII characters"});
    CHECK(problems_of("request_headers: {X-A: {one_of: []}}") ==
          Texts{"request_headers.X-A.one_of: found a list, expected a list of at least 1 items"});
}
