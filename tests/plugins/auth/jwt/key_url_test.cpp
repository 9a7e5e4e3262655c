#include "jwt/key_url.hpp"

#include "jwt/jwk_set.hpp"
#include "key_server.hpp"
#include "sluice/cpp/error.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>

using namespace sluice::auth::jwt;
using namespace std::chrono_literals;

namespace {

std::string text_or_problem(const std::string& url, std::chrono::milliseconds timeout = 5s) {
    std::string problem;
    const auto content = KeyUrl(url, timeout).read(true, problem);
    return content ? content->text : problem;
}

// What becomes of an answer; without the URL that a problem begins with.
std::string outcome(const std::string& answer, std::chrono::milliseconds timeout = 5s) {
    const KeyServer server([&](const std::string&) { return answer; });
    const std::string text = text_or_problem(server.url(), timeout);
    const std::string prefix = server.url() + ": ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

}  // namespace

TEST_CASE("a key set is fetched anew with each read", "[auth][jwt][unit]") {
    int count = 0;
    const KeyServer server([&](const std::string& path) { return KeyServer::ok(path + std::to_string(++count)); });
    KeyUrl url(server.url("/keys?a=b"), 5s);
    std::string problem;
    CHECK(url.read(false, problem).value().text == "/keys?a=b1");
    CHECK(url.read(false, problem).value().text == "/keys?a=b2");
}

TEST_CASE("an answer that is no whole key set is a failure with a reason", "[auth][jwt][unit]") {
    CHECK(outcome("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n") == "expected status 200, found 503");
    CHECK(outcome("HTTP/1.1 204 Nothing\r\n\r\n") == "expected status 200, found 204");
    CHECK(outcome("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").find("6 bytes remaining") != std::string::npos);
    CHECK(outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") != "");
    CHECK(outcome("garbage\r\n\r\n").find("HTTP/0.9") != std::string::npos);
    CHECK(outcome("") == "Empty reply from server");
    const std::string large(JwkSet::kMaxBytes + 1, ' ');
    CHECK(outcome(KeyServer::ok(large)).size() < 200);
    CHECK(outcome("HTTP/1.1 200 OK\r\n\r\n" + large).size() < 200);
    CHECK(text_or_problem("http://127.0.0.1:1/keys").find("127.0.0.1:1/keys: Failed to connect") != std::string::npos);
}

TEST_CASE("a fetch ends at its time limit whatever the server does", "[auth][jwt][unit]") {
    const auto start = std::chrono::steady_clock::now();
    const std::string silence(1, KeyServer::kSilence);
    CHECK(outcome(silence, 100ms) == "no answer within 100 ms");
    CHECK(outcome("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" + silence, 100ms) == "no answer within 100 ms");
    CHECK(std::chrono::steady_clock::now() - start < 3s);
}

TEST_CASE("a fetch from a server that says nothing ends soon when it is aborted", "[auth][jwt][unit]") {
    const KeyServer server([](const std::string&) { return std::string(1, KeyServer::kSilence); });
    KeyUrl url(server.url(), 30s);
    std::string problem;
    const auto start = std::chrono::steady_clock::now();
    std::thread reader([&] { CHECK_FALSE(url.read(true, problem)); });
    while (server.requests() == 0) std::this_thread::yield();
    url.abort();
    reader.join();
    CHECK(problem.ends_with("the fetch was given up"));
    CHECK_FALSE(url.read(true, problem));
    CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("redirects are followed to the same server only", "[auth][jwt][unit]") {
    const KeyServer elsewhere([](const std::string&) { return KeyServer::ok("stolen"); });
    std::string location;
    const KeyServer server([&](const std::string& path) {
        if (path == "/keys") return KeyServer::redirect(location);
        return path == "/loop" ? KeyServer::redirect("/loop") : KeyServer::ok("moved");
    });
    const auto outcome_of = [&](const std::string& to) {
        location = to;
        return text_or_problem(server.url());
    };
    CHECK(outcome_of("/new") == "moved");
    CHECK(outcome_of(server.url("/new")) == "moved");
    CHECK(outcome_of(elsewhere.url()).ends_with("it redirects to another scheme, host or port"));
    std::string tls = server.url("/new");
    tls.insert(4, "s");
    CHECK(outcome_of(tls).ends_with("it redirects to another scheme, host or port"));
    CHECK(outcome_of("file:///etc/passwd").ends_with("it redirects to another scheme, host or port"));
    CHECK(outcome_of("/loop").ends_with("it redirects more than 3 times"));
    CHECK(elsewhere.requests() == 0);
}

TEST_CASE("only http and https are fetched from", "[auth][jwt][unit]") {
    for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/keys", "", "keys", "https://"}) {
        INFO(url);
        CHECK_THROWS_AS(KeyUrl(url, 1s), sluice::Error);
    }
}
