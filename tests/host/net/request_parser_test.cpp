#include "net/request_parser.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::string_view_literals;
using net::BodyDecoder;
using net::HeadFacts;
using net::HeadScan;

namespace {

/// A head as the connection hands it over: found by scan_head, then parsed.
struct Parsed {
    explicit Parsed(const std::string& text, std::size_t max_url_bytes = 16384) {
        HeadScan scan = net::scan_head(text, 0);
        is_folded = scan.state == HeadScan::State::kFolded;
        is_incomplete = scan.state == HeadScan::State::kIncomplete;
        if (is_folded || is_incomplete) return;
        request.head = text.substr(0, scan.size);
        error = net::parse_head(request, facts, max_url_bytes);
    }
    bool is_accepted() const { return !is_folded && !is_incomplete && !error; }
    int status() const { return is_folded ? 400 : error ? error->status : 0; }

    http::Request request;
    HeadFacts facts;
    std::optional<http::WireError> error;
    bool is_folded = false;
    bool is_incomplete = false;
};

std::string with_headers(const std::string& headers) { return "POST /v1/x HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n"; }

struct Decoded {
    std::string content;
    BodyDecoder::Progress last;
    std::size_t consumed = 0;
};

/// Decodes `wire` in pieces as the connection gives them: what was not consumed comes again, with more behind it.
Decoded decode(const std::vector<std::string>& pieces) {
    const std::string head = with_headers("Transfer-Encoding: chunked\r\n");
    auto decoder = BodyDecoder::chunked(head);
    Decoded result;
    std::string waiting;
    for (const std::string& piece : pieces) {
        waiting += piece;
        result.last = decoder->decode(waiting, result.content);
        result.consumed += result.last.consumed_bytes;
        waiting.erase(0, result.last.consumed_bytes);
        if (result.last.is_complete || result.last.is_malformed) break;
    }
    return result;
}

}  // namespace

TEST_CASE("a head becomes method, path, query and headers", "[net][unit]") {
    Parsed parsed(
        "POST /v1/chat/completions?a=1&b=%20 HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer x\r\n"
        "x-Custom:  spaced \t\r\nContent-Length: 42\r\nContent-Type: application/json\r\n\r\n");
    REQUIRE(parsed.is_accepted());
    CHECK(parsed.request.method == "POST");
    CHECK(parsed.request.target == "/v1/chat/completions?a=1&b=%20");
    CHECK(parsed.request.path == "/v1/chat/completions");
    CHECK(parsed.request.query == "a=1&b=%20");
    CHECK(parsed.request.content_length == 42);
    CHECK(parsed.request.header("X-CUSTOM") == "spaced");
    CHECK(parsed.request.header("authorization") == "Bearer x");
    CHECK(parsed.facts.has_body);
    CHECK(parsed.facts.is_keep_alive);
    CHECK_FALSE(parsed.request.is_http_1_0);
}

TEST_CASE("what is no well-formed request is refused", "[net][unit]") {
    auto text = GENERATE(
        as<std::string>(),
        "GET /\r\nHost: a\r\n\r\n",           // no version
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",  // another version
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "GET / http/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",  // two blanks
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",  // no token
        "GET / HTTP/1.1\nHost: a\n\n",        // bare line feeds
        "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",  // bare carriage return
        "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",    // blank before the colon
        "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",        // no colon
        "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n",      // no name
        "GET / HTTP/1.1\r\nHost: a\r\nX(: 1\r\n\r\n", std::string("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv),
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01"
        "b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",  // obsolete folding
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\tfolded\r\n\r\n", "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",  // no host
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n");
    Parsed parsed(text);
    CAPTURE(text);
    CHECK(parsed.status() == 400);
}

TEST_CASE("contradictory or malformed framing is refused", "[net][unit]") {
    auto headers = GENERATE(
        as<std::string>(), "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n", "Content-Length: +3\r\n", "Content-Length: -3\r\n", "Content-Length: 0x3\r\n",
        "Content-Length: 3 4\r\n", "Content-Length: \r\n", "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding: chunked;q=1\r\n", "Transfer-Encoding:\r\n");
    CAPTURE(headers);
    CHECK(Parsed(with_headers(headers)).status() == 400);
}

TEST_CASE("the framing headers' accepted forms", "[net][unit]") {
    CHECK(Parsed(with_headers("Content-Length: 0\r\n")).request.content_length == 0);
    CHECK_FALSE(Parsed(with_headers("Content-Length: 0\r\n")).facts.has_body);
    Parsed chunked(with_headers("transfer-encoding: Chunked\r\n"));
    REQUIRE(chunked.is_accepted());
    CHECK(chunked.facts.is_chunked);
    CHECK(chunked.facts.has_body);
    CHECK(chunked.request.content_length == SLUICE_LENGTH_UNKNOWN);
    CHECK(Parsed(with_headers("Content-Length: 18446744073709551614\r\n")).is_accepted());
}

TEST_CASE("HTTP/1.0 needs no host, may not be chunked and ends the connection unless asked", "[net][unit]") {
    Parsed plain("GET / HTTP/1.0\r\n\r\n");
    REQUIRE(plain.is_accepted());
    CHECK(plain.request.is_http_1_0);
    CHECK_FALSE(plain.facts.is_keep_alive);
    CHECK(Parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").facts.is_keep_alive);
    CHECK(Parsed("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").status() == 400);
    CHECK(Parsed("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").status() == 400);
    CHECK_FALSE(Parsed("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n").facts.expects_continue);
}

TEST_CASE("Connection decides over the connection and takes the headers it names with it", "[net][unit]") {
    CHECK_FALSE(Parsed(with_headers("Connection: close\r\n")).facts.is_keep_alive);
    CHECK_FALSE(Parsed(with_headers("Connection: x, Close\r\n")).facts.is_keep_alive);
    CHECK(Parsed(with_headers("Connection: keep-alive\r\n")).facts.is_keep_alive);
    Parsed one_line(
        with_headers("X-Hop: 1\r\nX-End: 2\r\nConnection: keep-alive , x-hop,X-Hop-Too\r\nX-Hop-Too: 3\r\n"));
    CHECK(one_line.request.header_lines("X-Hop") == 0);
    CHECK(one_line.request.header_lines("X-Hop-Too") == 0);
    CHECK(one_line.request.header("X-End") == "2");
    Parsed two_lines(with_headers("X-Hop: 1\r\nConnection: x-hop\r\nConnection: keep-alive\r\n"));
    CHECK(two_lines.request.header_lines("X-Hop") == 0);
}

TEST_CASE("hop-by-hop and framing headers stay behind", "[net][unit]") {
    Parsed parsed(
        with_headers("Connection: keep-alive\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\n"
                     "TE: trailers\r\nTrailer: x\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"
                     "Accept: */*\r\n"));
    REQUIRE(parsed.is_accepted());
    REQUIRE(parsed.request.headers.size() == 2);
    CHECK(parsed.request.header("Host") == "a");
    CHECK(parsed.request.header("Accept") == "*/*");
    CHECK(parsed.facts.expects_continue);
}

TEST_CASE("an expectation other than 100-continue is 417", "[net][unit]") {
    CHECK(Parsed(with_headers("Expect: wonders\r\n")).status() == 417);
    CHECK(Parsed(with_headers("Expect: 100-Continue\r\n")).facts.expects_continue);
}

TEST_CASE("a target that is not a plain path is refused", "[net][unit]") {
    auto target = GENERATE(as<std::string>(), "/.", "/..", "/a/../b", "/a/./b", "/a/..", "/%2e%2E/b", "/a/.%2e/b",
                           "/%2e", "/../", "/a/..%2fb", "/a/b%5c..%5Cc", "/a\\..\\b", "/a#b", "/a\x7f", "/a\xc3\xa9",
                           "v1/x", "*", "", "?x", "host:80", "ftp://a/b", "//../x", "http://a/../b");
    CAPTURE(target);
    CHECK(Parsed("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").status() == 400);
}

TEST_CASE("targets in other accepted forms", "[net][unit]") {
    auto [target, path, query] = GENERATE(table<std::string, std::string, std::string>({
        {"/...", "/...", ""},
        {"/a/..b/.c", "/a/..b/.c", ""},
        {"/v1/models/a%2Fb:c", "/v1/models/a%2Fb:c", ""},
        {"/v1?a=/../b", "/v1", "a=/../b"},
        {"/v1?", "/v1", ""},
        {"http://a/v1/x?y", "/v1/x", "y"},
        {"HTTPS://a:80/v1", "/v1", ""},
        {"http://a", "/", ""},
        {"//double", "//double", ""},
    }));
    CAPTURE(target);
    Parsed parsed("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(parsed.is_accepted());
    CHECK(parsed.request.path == path);
    CHECK(parsed.request.query == query);
}

TEST_CASE("the query of an absolute target without a path does not become its path", "[net][unit]") {
    Parsed parsed("GET http://a?x=/v1/models HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(parsed.is_accepted());
    CHECK(parsed.request.path == "/");
}

TEST_CASE("an asterisk is a target of OPTIONS only", "[net][unit]") {
    CHECK(Parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").request.path == "*");
    CHECK(Parsed("GET * HTTP/1.1\r\nHost: a\r\n\r\n").status() == 400);
}

TEST_CASE("a URL over the limit is 414, one at the limit is not", "[net][unit]") {
    std::string target = "/" + std::string(99, 'x');
    CHECK(Parsed("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", 100).is_accepted());
    CHECK(Parsed("GET " + target + "x HTTP/1.1\r\nHost: a\r\n\r\n", 100).status() == 414);
}

TEST_CASE("the end of a head is found wherever it is cut", "[net][unit]") {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string text = head + "GET /next";
    for (std::size_t cut = 0; cut < head.size(); ++cut) {
        CAPTURE(cut);
        REQUIRE(net::scan_head(std::string_view(text).substr(0, cut), 0).state == HeadScan::State::kIncomplete);
        HeadScan scan = net::scan_head(text, cut);
        REQUIRE(scan.state == HeadScan::State::kComplete);
        REQUIRE(scan.size == head.size());
    }
    const std::string folded = "GET / HTTP/1.1\r\nX: 1\r\n 2\r\n\r\n";
    const std::size_t fold = folded.find("\r\n 2") + 2;
    for (std::size_t cut = 0; cut <= fold; ++cut) {
        REQUIRE(net::scan_head(folded, cut).state == HeadScan::State::kFolded);
    }
}

TEST_CASE("a chunked body is the same wherever it is cut", "[net][unit]") {
    const std::string wire =
        "5\r\nhello\r\n1a;name=\"v;\"\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n";
    const std::string content = "helloabcdefghijklmnopqrstuvwxyz";
    Decoded whole = decode({wire + "GET /next"});
    CHECK(whole.content == content);
    CHECK(whole.last.is_complete);
    CHECK(whole.consumed == wire.size());
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
        CAPTURE(cut);
        Decoded two = decode({wire.substr(0, cut), wire.substr(cut) + "GET /next"});
        REQUIRE(two.content == content);
        REQUIRE(two.last.is_complete);
        REQUIRE(two.consumed == wire.size());
    }
    std::vector<std::string> bytes;
    for (char byte : wire) bytes.emplace_back(1, byte);
    Decoded single = decode(bytes);
    CHECK(single.content == content);
    CHECK(single.last.is_complete);
    CHECK(single.consumed == wire.size());
}

TEST_CASE("an empty chunked body is complete", "[net][unit]") {
    Decoded decoded = decode({"0\r\n\r\n"});
    CHECK(decoded.last.is_complete);
    CHECK(decoded.content.empty());
}

TEST_CASE("a malformed chunked body is refused", "[net][unit]") {
    auto wire = GENERATE(as<std::string>(), "xyz\r\n", "+5\r\nhello\r\n", "-1\r\n", " 5\r\nhello\r\n",
                         "5\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n", "5\r\nhello\n0\r\n\r\n", "\r\n",
                         "fffffffffffffffff\r\n", "5\r\nhello\r\nzz\r\n\r\n", "0x5\r\n", "0 junk\r\n",
                         "5 5\r\nhello\r\n0\r\n", "5x\r\nhello\r\n0\r\n", "0;\x01\r\n");
    CAPTURE(wire);
    Decoded decoded = decode({wire, "\r\n\r\n"});
    CHECK(decoded.last.is_malformed);
    CHECK_FALSE(decoded.last.is_complete);
}
