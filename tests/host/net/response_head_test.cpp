#include "net/response_head.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "http/request.hpp"

using namespace sluice;
using net::Framing;
using net::ResponseHead;

namespace {

std::string written(const ResponseHead& head) {
    std::string out;
    net::append_response_head(out, head);
    return out;
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

ResponseHead usual_head() {
    ResponseHead head;
    head.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    head.request_id = "id-1";
    head.content_type = "application/json";
    head.content_length = 7;
    return head;
}

/// The head with one header of a plugin.
std::string with_header(std::string_view name, std::string_view value) {
    ResponseHead head = usual_head();
    sluice_header field{http::borrow(name), http::borrow(value)};
    head.headers = {&field, 1};
    return written(head);
}

std::string with_override(const std::string& name, const std::string& value) {
    ResponseHead head = usual_head();
    net::HeaderOverride line{name, value};
    head.overrides = {&line, 1};
    return written(head);
}

}  // namespace

TEST_CASE("a head is written line by line and ends with an empty one", "[net][unit]") {
    ResponseHead head = usual_head();
    head.backend_mode = "echo";
    CHECK(written(head) ==
          "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Request-ID: id-1\r\nX-Backend-Mode: echo\r\n"
          "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nContent-Security-Policy: default-src 'none'\r\n"
          "Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\nContent-Type: application/json\r\n"
          "Content-Length: 7\r\n\r\n");
}

TEST_CASE("the framing lines say how the body ends", "[net][unit]") {
    ResponseHead head = usual_head();
    SECTION("length") {
        CHECK(written(head).find("Content-Length: 7\r\n") != std::string::npos);
        head.status = GENERATE(204, 304);
        CHECK(written(head).find("Content-Length") == std::string::npos);
    }
    SECTION("chunks") {
        head.framing = Framing::kChunked;
        CHECK(written(head).find("Transfer-Encoding: chunked\r\n") != std::string::npos);
        CHECK(written(head).find("Content-Length") == std::string::npos);
    }
    SECTION("the end of the connection") {
        head.framing = Framing::kClose;
        head.is_keep_alive = false;
        CHECK(written(head).find("Content-Length") == std::string::npos);
        CHECK(written(head).find("Transfer-Encoding") == std::string::npos);
        CHECK(written(head).find("Connection: close\r\n") != std::string::npos);
    }
    SECTION("no body, with the length it would have") {
        head.framing = Framing::kNone;
        CHECK(written(head).find("Content-Length: 7\r\n") != std::string::npos);
        head.content_length = SLUICE_LENGTH_UNKNOWN;
        CHECK(written(head).find("Content-Length") == std::string::npos);
    }
}

TEST_CASE("Connection is written where it is not the default", "[net][unit]") {
    ResponseHead head = usual_head();
    CHECK(written(head).find("Connection:") == std::string::npos);
    head.is_http_1_0 = true;
    CHECK(written(head).find("Connection: keep-alive\r\n") != std::string::npos);
    head.is_keep_alive = false;
    CHECK(written(head).find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("the head of an event stream has its own type and caching", "[net][unit]") {
    ResponseHead head = usual_head();
    head.is_event_stream = true;
    head.framing = Framing::kChunked;
    std::string text = written(head);
    CHECK(count(text, "Content-Type: ") == 1);
    CHECK(text.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(count(text, "Cache-Control: ") == 1);
    CHECK(text.find("Cache-Control: no-cache, no-store\r\n") != std::string::npos);
    CHECK(text.find("X-Accel-Buffering: no\r\n") != std::string::npos);
}

TEST_CASE("a plugin's headers are passed on", "[net][unit]") {
    CHECK(with_header("Retry-After-Ms", "12").find("Retry-After-Ms: 12\r\n") != std::string::npos);
    CHECK(with_override("X-Mine", "1").find("X-Mine: 1\r\n") != std::string::npos);
    CHECK(with_override("X-Mine", "").find("X-Mine") == std::string::npos);
}

TEST_CASE("an override takes the place of a plugin's header in any case", "[net][unit]") {
    ResponseHead head = usual_head();
    sluice_header field{http::borrow("x-mine"), http::borrow("plugin's")};
    net::HeaderOverride line{"X-Mine", GENERATE(as<std::string>(), "middleware's", "")};
    head.headers = {&field, 1};
    head.overrides = {&line, 1};
    CHECK(written(head).find("plugin's") == std::string::npos);
    CHECK(count(written(head), "middleware's") == (line.second.empty() ? 0 : 1));
}

TEST_CASE("headers that are the gateway's own cannot be set", "[net][unit]") {
    auto name = GENERATE(as<std::string>(), "Connection", "keep-alive", "TRANSFER-ENCODING", "Content-Length",
                         "Upgrade", "Trailer", "TE", "Content-Type", "Date", "Server", "X-Powered-By", "Via",
                         "Cache-Control", "Set-Cookie", "X-Request-ID", "X-Backend-Mode", "Proxy-Authenticate");
    CAPTURE(name);
    CHECK(with_header(name, "evil") == written(usual_head()));
    CHECK(net::is_reserved_header(name));
}

TEST_CASE("other headers are a plugin's own business", "[net][unit]") {
    for (const char* name :
         {"Allow", "Retry-After", "X-RateLimit-Limit", "WWW-Authenticate", "Vary", "Content-Language"}) {
        CHECK_FALSE(net::is_reserved_header(name));
    }
}

TEST_CASE("a header cannot become more than one line", "[net][unit]") {
    const std::string usual = written(usual_head());
    for (std::string_view value : {"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "a\x01", "\x7f"}) {
        CHECK(with_header("X-Mine", value) == usual);
    }
    CHECK(with_header("X-Mine", std::string_view("a\0b", 3)) == usual);
    for (std::string_view name : {"", "X Mine", "X:Mine", "X\r\nY", "X\xc3\xa4"})
        CHECK(with_header(name, "1") == usual);
    ResponseHead head = usual_head();
    head.content_type = "text/plain\r\nX-Evil: 1";
    CHECK(written(head).find("X-Evil") == std::string::npos);
}

TEST_CASE("a chunk begins with its size in hexadecimal", "[net][unit]") {
    std::string out = "x";
    net::append_chunk_size(out, 255);
    net::append_chunk_size(out, 4096);
    CHECK(out == "xff\r\n1000\r\n");
}
