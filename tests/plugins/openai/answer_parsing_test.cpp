// The steps that find an answer in bytes: its head, and its body between the framing.
#include <catch2/catch.hpp>
#include <string>

#include "body_framing.hpp"
#include "head_parser.hpp"

using namespace sluice::openai;

namespace {

struct ParsedHead {
    explicit ParsedHead(std::string text, bool is_head_request = false) : bytes(std::move(text)) {
        result = parse_head({bytes.data(), bytes.size()}, 0, is_head_request, head, consumed, problem);
    }
    std::string bytes;
    ResponseHead head;
    std::size_t consumed = 0;
    std::string_view problem;
    HeadResult result;
};

struct Unframed {
    std::string body;
    BodyFraming::Step last = BodyFraming::Step::kNeedMore;
    std::size_t left = 0;
};

Unframed unframed(Framing framing, std::uint64_t length, std::string text, std::size_t cut = 0) {
    BodyFraming reader(framing, length);
    Unframed result;
    char* cursor = text.data();
    for (char* const end : {text.data() + cut, text.data() + text.size()}) {
        std::span<char> piece;
        do {
            result.last = reader.next(cursor, end, piece);
            if (result.last == BodyFraming::Step::kPiece) result.body.append(piece.data(), piece.size());
        } while (result.last == BodyFraming::Step::kPiece);
        if (result.last != BodyFraming::Step::kNeedMore) break;
    }
    result.left = static_cast<std::size_t>(text.data() + text.size() - cursor);
    return result;
}

}  // namespace

TEST_CASE("a head is read", "[openai][head]") {
    const ParsedHead parsed(
        "HTTP/1.1 429 Too Many\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Length: 12\r\nRetry-After: "
        "7\r\n"
        "Keep-Alive: max=5, timeout=30\r\nX-Request-Id: r1\r\nServer: x\r\n\r\nbody");
    REQUIRE(parsed.result == HeadResult::kComplete);
    CHECK(parsed.consumed == parsed.bytes.size() - 4);
    CHECK(parsed.head.status == 429);
    CHECK(parsed.head.is_json());
    CHECK(parsed.head.framing == Framing::kLength);
    CHECK(parsed.head.content_length == 12);
    CHECK(parsed.head.keeps_alive);
    CHECK(parsed.head.keep_alive_seconds == 30);
    CHECK(parsed.head.retry_after_in_ms() == 7000);
    CHECK(parsed.head.field_count == 2);
}

TEST_CASE("a head is complete at its blank line, not before", "[openai][head]") {
    const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (std::size_t size = 1; size < text.size(); ++size) {
        CAPTURE(size);
        CHECK(ParsedHead(text.substr(0, size)).result == HeadResult::kIncomplete);
        ResponseHead head;
        std::size_t consumed = 0;
        std::string_view problem;
        CHECK(parse_head({text.data(), text.size()}, size, false, head, consumed, problem) == HeadResult::kComplete);
    }
}

TEST_CASE("media types are told apart", "[openai][head]") {
    const auto type = [](const std::string& value) {
        return ParsedHead("HTTP/1.1 200 OK\r\nContent-Type: " + value + "\r\n\r\n").head.media_type;
    };
    CHECK(type("application/json") == MediaType::kJson);
    CHECK(type("application/problem+json; x=y") == MediaType::kJson);
    CHECK(type("text/event-stream;charset=utf-8") == MediaType::kEventStream);
    CHECK(type("TEXT/HTML ; charset=x") == MediaType::kHtml);
    CHECK(type("audio/mpeg") == MediaType::kOther);
    CHECK(type("application/jsonl") == MediaType::kOther);
    CHECK(ParsedHead("HTTP/1.1 200 OK\r\n\r\n").head.media_type == MediaType::kOther);
}

TEST_CASE("answers without a body are known as such", "[openai][head]") {
    CHECK(ParsedHead("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").head.framing == Framing::kNone);
    CHECK(ParsedHead("HTTP/1.1 304 Not Modified\r\n\r\n").head.framing == Framing::kNone);
    CHECK(ParsedHead("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).head.framing == Framing::kNone);
    CHECK(ParsedHead("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).head.content_length == 5);
    CHECK(ParsedHead("HTTP/1.1 200 OK\r\n\r\n").head.framing == Framing::kUntilClose);
    CHECK_FALSE(ParsedHead("HTTP/1.1 200 OK\r\n\r\n").head.keeps_alive);
    CHECK_FALSE(ParsedHead("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").head.keeps_alive);
}

TEST_CASE("malformed heads are refused", "[openai][head]") {
    for (const char* text :
         {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "ICY 200 OK\r\n", "HTTP/1.1 000 OK\r\n\r\n",
          "HTTP/1.1 600 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n"}) {
        CAPTURE(text);
        const ParsedHead parsed(text);
        CHECK(parsed.result == HeadResult::kMalformed);
        CHECK_FALSE(parsed.problem.empty());
    }
}

TEST_CASE("a waiting time is read in all its spellings", "[openai][head]") {
    const auto wait = [](const std::string& fields) {
        return ParsedHead("HTTP/1.1 503 X\r\n" + fields + "\r\n").head.retry_after_in_ms();
    };
    CHECK(wait("Retry-After: 2\r\nRetry-After-Ms: 1500\r\n") == 1500);
    CHECK(wait("Retry-After: 2\r\n") == 2000);
    CHECK(wait("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n") == 0);
    CHECK(wait("Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n") == 24u * 3600 * 1000);
    CHECK(wait("Retry-After: soon\r\n") == 0);
    CHECK(wait("Retry-After: -5\r\n") == 0);
    CHECK(wait("") == 0);
}

TEST_CASE("a chunked body cut anywhere is the same body", "[openai][framing]") {
    const std::string text =
        "5\r\nhello\r\n001;name=\"v\"\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\nnext";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        CAPTURE(cut);
        const Unframed result = unframed(Framing::kChunked, 0, text, cut);
        CHECK(result.body == "hello 0123456789");
        CHECK(result.last == BodyFraming::Step::kEnd);
        CHECK(result.left >= 4);
    }
}

TEST_CASE("bodies of a length, until the close and none end where they should", "[openai][framing]") {
    CHECK(unframed(Framing::kLength, 3, "abcd").body == "abc");
    CHECK(unframed(Framing::kLength, 3, "abcd").left == 1);
    CHECK(unframed(Framing::kLength, 3, "ab").last == BodyFraming::Step::kNeedMore);
    CHECK(unframed(Framing::kUntilClose, 0, "abcd").body == "abcd");
    CHECK(unframed(Framing::kNone, 0, "abcd").last == BodyFraming::Step::kEnd);
    CHECK(unframed(Framing::kLength, 0, "").last == BodyFraming::Step::kEnd);
}

TEST_CASE("malformed chunks are refused", "[openai][framing]") {
    for (const char* text :
         {"\r\n", "x\r\n", "5\nhello", " 5\r\nhello\r\n", "+5\r\nhello\r\n", "0x5\r\nhello\r\n", "5\r\nhelloX\r\n",
          "5\r\nhello\n0\r\n\r\n", "5;a\nhello\r\n", "FFFFFFFFFFFFFFFFFF\r\n", "0\r\nA: b\n\r\n", "0\r\n\rx"}) {
        CAPTURE(text);
        CHECK(unframed(Framing::kChunked, 0, text).last == BodyFraming::Step::kMalformed);
    }
}
