// The steps that turn text into text: URLs, keys, configuration, request heads.
#include <catch2/catch.hpp>
#include <span>
#include <string>

#include "abi_text.hpp"
#include "base_url.hpp"
#include "client_key.hpp"
#include "config.hpp"
#include "key_mask.hpp"
#include "upstream_request.hpp"

using namespace sluice::openai;

namespace {

BaseUrl parsed(std::string_view text) {
    BaseUrl url;
    std::string problem;
    INFO(text);
    REQUIRE(parse_base_url(text, url, problem));
    return url;
}

std::string target(std::string_view base, std::string_view path, std::string_view query = {}) {
    std::string out;
    append_target(parsed(base), path, query, out);
    return out;
}

std::string masked(const KeyMask& mask, std::string text) {
    mask.apply(text);
    return text;
}

}  // namespace

TEST_CASE("a base URL is taken apart", "[openai][url]") {
    const BaseUrl url = parsed("https://User:p%40ss@API.example.com:8443/openai/deployments/foo/?api-version=1#x");
    CHECK(url.is_https);
    CHECK(url.host == "api.example.com");
    CHECK(url.port == 8443);
    CHECK(url.user_info == "User:p@ss");
    CHECK(url.path == "/openai/deployments/foo");
    CHECK(url.query == "api-version=1");
    CHECK(parsed("https://a").authority() == "a");
    CHECK(parsed("https://a:443").authority() == "a");
    CHECK(parsed("http://a:443").authority() == "a:443");
    CHECK(parsed("http://[::1]:8080/v1").authority() == "[::1]:8080");
    CHECK(parsed("http://[::1]/v1").host == "::1");
    CHECK(parsed("https://a").host_and_port() == "a:443");
}

TEST_CASE("what is no base URL is refused without showing its user info", "[openai][url]") {
    for (const char* text : {"", "a.b/v1", "ftp://a", "http://", "http:///v1", "http://u:secret@",
                             "http://u:secret@a:0", "http://u:secret@a:70000", "http://u:secret@a:x1",
                             "http://u:secret@[::1", "http://u:secret@[::1]x", "http://a b", "http://a\n"}) {
        BaseUrl url;
        std::string problem;
        CAPTURE(text);
        CHECK_FALSE(parse_base_url(text, url, problem));
        CHECK_FALSE(problem.empty());
        CHECK(problem.find("secret") == std::string::npos);
    }
}

TEST_CASE("a client's path is put below the base path, and both queries are sent", "[openai][url]") {
    CHECK(target("http://h/v1", "/v1/chat/completions") == "/v1/chat/completions");
    CHECK(target("http://h/v1/", "/v1/chat/completions", "a=b") == "/v1/chat/completions?a=b");
    CHECK(target("http://h", "/v1/models") == "/models");
    CHECK(target("https://x.openai.azure.com/openai/deployments/foo?api-version=2024-06-01", "/v1/chat/completions",
                 "x=1") == "/openai/deployments/foo/chat/completions?api-version=2024-06-01&x=1");
    CHECK(target("http://h/v1", "/v1/models/a%2Fb") == "/v1/models/a%2Fb");
}

TEST_CASE("dot segments are found in every spelling", "[openai][url]") {
    for (const char* path : {"/v1/..", "/v1/../x", "/v1/./x", "/v1/%2e%2E/x", "/v1/.%2e", "/..", "/v1/x/."}) {
        CAPTURE(path);
        CHECK(has_dot_segment(path));
    }
    for (const char* path :
         {"/v1/models/gpt-4.1", "/v1/models/...", "/v1/a..b", "/v1/.hidden", "/v1/%2ex", "/v1/models/a%2Fb"}) {
        CAPTURE(path);
        CHECK_FALSE(has_dot_segment(path));
    }
}

TEST_CASE("every occurrence of a key becomes stars of the same length", "[openai][mask]") {
    const KeyMask mask("sk-abcdefgh");
    CHECK(masked(mask, "sk-abcdefgh") == "***********");
    CHECK(masked(mask, "a sk-abcdefghsk-abcdefgh b") == "a ********************** b");
    CHECK(masked(mask, "sk-abcdefg sk-abcdefg") == "sk-abcdefg sk-abcdefg");
    CHECK(masked(mask, "sk-absk-abcdefgh") == "sk-ab***********");
    CHECK(masked(mask, "") == "");
    CHECK(masked(KeyMask("short"), "short") == "short");
    CHECK(masked(KeyMask("with/slash/in"), R"({"k":"with\/slash\/in with/slash/in"})") ==
          R"({"k":"*************** *************"})");
}

TEST_CASE("a key is found at every place of a text", "[openai][mask]") {
    const KeyMask mask("sk-Qx-0123456789");
    for (std::size_t before = 0; before < 70; ++before) {
        for (std::size_t after = 0; after < 70; after += 7) {
            const std::string text = std::string(before, 'Q') + "sk-Qx-0123456789" + std::string(after, 's');
            REQUIRE(masked(mask, text) == std::string(before, 'Q') + std::string(16, '*') + std::string(after, 's'));
        }
    }
}

TEST_CASE("an end that could begin a key is held back, and no more", "[openai][mask]") {
    const KeyMask mask("sk-abcdefgh");
    const auto tail = [&](std::string_view text) { return mask.open_tail({text.data(), text.size()}); };
    CHECK(tail("hello") == 0);
    CHECK(tail("hello s") == 1);
    CHECK(tail("hello sk-abcdefg") == 10);
    CHECK(tail("sk-") == 3);
    CHECK(tail("sk-sk-a") == 4);
    CHECK(tail("") == 0);
}

TEST_CASE("a configuration is read with its defaults", "[openai][config]") {
    Config config;
    std::string problem;
    REQUIRE(parse_config(
        R"({"base_url":"https://a/v1","api_key":"k","auth":"api-key","headers":{"X-A":"b"},"idle_timeout_ms":5})",
        config, problem));
    CHECK(config.auth == Auth::kApiKey);
    CHECK(config.headers.size() == 1);
    CHECK(config.idle_timeout.count() == 5);
    CHECK(config.connect_timeout.count() == 10'000);
    CHECK(config.warm_connections == 1);
    Config plain;
    REQUIRE(parse_config(R"({"base_url":"http://a/v1"})", plain, problem));
    CHECK(plain.warm_connections == 0);
    CHECK(plain.server_keys.empty());
    CHECK(plain.key_cooldown.count() == 10'000);
    CHECK(plain.key_retry.count() == 300'000);
}

TEST_CASE("keys are named as in the configuration, api_key first", "[openai][config]") {
    Config config;
    std::string problem;
    REQUIRE(
        parse_config(R"({"api_keys":["b","c"],"api_key":"a","key_cooldown_ms":7,"key_retry_ms":8})", config, problem));
    REQUIRE(config.server_keys.size() == 3);
    const char* const names[] = {"api_key", "api_keys[0]", "api_keys[1]"};
    const char* const texts[] = {"a", "b", "c"};
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(config.server_keys[i].name == names[i]);
        CHECK(config.server_keys[i].text == texts[i]);
    }
    CHECK(config.key_cooldown.count() == 7);
    CHECK(config.key_retry.count() == 8);
    Config twice;
    CHECK_FALSE(parse_config(R"({"api_key":"a","api_keys":["b","a"]})", twice, problem));
    CHECK(problem == "api_keys[1]: found the same key as in api_key, expected another one");
}

TEST_CASE("a configuration that cannot be meant is refused without showing secrets", "[openai][config]") {
    for (const char* json : {R"([])", R"({"base_url":"x"})", R"({"api_key":"secret key"})",
                             R"({"api_keys":["k","secret\nkey"]})", R"({"api_keys":["k",""]})",
                             R"({"api_keys":["secret","b","secret"]})", R"({"api_key":"secret","api_keys":["secret"]})",
                             R"({"headers":{"Content-Length":"secret"}})", R"({"headers":{"a b":"secret"}})",
                             R"({"headers":{"X-A":"secret\r\nX-B: c"}})", R"({"proxy":"https://u:secret@p"})"}) {
        Config config;
        std::string problem;
        CAPTURE(json);
        CHECK_FALSE(parse_config(json, config, problem));
        CHECK_FALSE(problem.empty());
        CHECK(problem.find("secret") == std::string::npos);
    }
}

TEST_CASE("the proxy is used for https upstreams that no_proxy does not name", "[openai][config]") {
    const auto uses_proxy = [](std::string_view base, std::string_view no_proxy) {
        Config config;
        std::string problem;
        const std::string json = R"({"base_url":")" + std::string(base) + R"(","proxy":"http://p:3128","no_proxy":")" +
                                 std::string(no_proxy) + "\"}";
        REQUIRE(parse_config(json, config, problem));
        return config.proxy.has_value();
    };
    CHECK(uses_proxy("https://api.openai.com/v1", ""));
    CHECK(uses_proxy("https://api.openai.com/v1", "localhost, example.com"));
    CHECK(uses_proxy("https://api.openai.com/v1", "ai.com"));
    CHECK_FALSE(uses_proxy("https://api.openai.com/v1", "a, OpenAI.com"));
    CHECK_FALSE(uses_proxy("https://api.openai.com/v1", ".openai.com"));
    CHECK_FALSE(uses_proxy("https://api.openai.com/v1", "*"));
    CHECK_FALSE(uses_proxy("https://10.0.0.1/v1", "10.0.0.1"));
    CHECK_FALSE(uses_proxy("http://api.openai.com/v1", ""));
}

TEST_CASE("a key is sent the way the upstream wants it, and configured fields replace the client's",
          "[openai][request]") {
    Config config;
    std::string problem;
    REQUIRE(parse_config(
        R"({"base_url":"https://x.azure.com/openai?v=1","api_key":"server-key","auth":"api-key","headers":{"User-Agent":"mine"}})",
        config, problem));
    const RequestWriter writer(config);
    const sluice_header fields[] = {{to_abi("user-agent"), to_abi("theirs")}};
    sluice_request request{};
    request.method = to_abi("GET");
    request.path = to_abi("/v1/models");
    request.headers = fields;
    request.header_count = 1;
    std::string head;
    writer.append_head(request, "server-key", head);
    CHECK(head ==
          "GET /openai/models?v=1 HTTP/1.1\r\nHost: x.azure.com\r\nAccept-Encoding: identity\r\nUser-Agent: mine\r\n"
          "api-key: server-key\r\n\r\n");
    head.clear();
    writer.append_head(request, "", head);
    CHECK(head.find("api-key") == std::string::npos);
}

TEST_CASE("a POST without a body says so", "[openai][request]") {
    Config config;
    std::string problem;
    REQUIRE(parse_config(R"({"base_url":"http://h/v1","auth":"none","api_key":"unused-key"})", config, problem));
    sluice_request request{};
    request.method = to_abi("POST");
    request.path = to_abi("/v1/responses/r1/cancel");
    std::string head;
    RequestWriter(config).append_head(request, "client-key", head);
    CHECK(head ==
          "POST /v1/responses/r1/cancel HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a client key given twice is one key if it is the same", "[openai][key]") {
    const sluice_header same[] = {{to_abi("X-OpenAI-API-Key"), to_abi("a")}, {to_abi("x-openai-api-key"), to_abi("a")}};
    sluice_request request{};
    request.headers = same;
    request.header_count = 2;
    CHECK(find_client_key(request).value == "a");
    CHECK(find_client_key(request).problem.empty());
    const sluice_header different[] = {{to_abi("X-OpenAI-API-Key"), to_abi("a")},
                                       {to_abi("x-openai-api-key"), to_abi("b")}};
    request.headers = different;
    CHECK_FALSE(find_client_key(request).problem.empty());
}
