#include "answer/redactor.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

using sluice::claude_code::RedactingStream;
using sluice::claude_code::Redactor;

namespace {

std::string redacted(std::string_view text) { return Redactor({}).redact(text); }

std::string redacted_in_pieces(const Redactor& redactor, std::string_view text, std::minstd_rand& random) {
    RedactingStream stream(redactor);
    std::string out;
    while (!text.empty()) {
        const std::size_t length = std::min<std::size_t>(text.size(), random() % 7);
        stream.feed(text.substr(0, length), out);
        text.remove_prefix(length);
    }
    stream.finish(out);
    return out;
}

}  // namespace

TEST_CASE("keys and tokens of known shapes are redacted", "[claude_code][unit]") {
    const char* secret =
        GENERATE("sk-ant-api03-abcdefghijklmnop", "sk-proj-abc123def456ghi789", "sk-abcdefghijklmnopqrst",
                 "AKIAIOSFODNN7EXAMPLE", "Bearer abcdef123456", "bearer abc.def-123", "ghp_abcdefghij1234567890",
                 "ghs_abcdefghijklmnopqrstuvwxyz0123456789", "github_pat_11ABCDEFG0abcdefghijkl",
                 "AIzaSyA1234567890abcdefghijklmnopqrstuv", "ya29.a0AfH6SMBabcdefghijklmnop",
                 "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
                 "-----BEGIN PRIVATE KEY-----\nnever ended");
    CHECK(redacted(secret) == "[REDACTED]");
    CHECK(redacted("a \xc3\xa9(" + std::string(secret)) == "a \xc3\xa9([REDACTED]");
}

TEST_CASE("what follows a secret stays", "[claude_code][unit]") {
    CHECK(redacted("use sk-ant-api03-abcdefgh, please") == "use [REDACTED], please");
    CHECK(redacted("-----BEGIN EC PRIVATE KEY-----\nx-y\n-----END EC PRIVATE KEY-----\nbye") == "[REDACTED]\nbye");
    CHECK(redacted("AKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLE") == "[REDACTED] [REDACTED]");
}

TEST_CASE("of assignments and addresses only the secret goes", "[claude_code][unit]") {
    CHECK(redacted("DB_PASSWORD=hunter2 next") == "DB_PASSWORD=[REDACTED] next");
    CHECK(redacted("API_TOKEN=\"a b\" X_SECRET='c'") == "API_TOKEN=\"[REDACTED] b\" X_SECRET='[REDACTED]'");
    CHECK(redacted("postgres://user:pass@host/db") == "postgres://[REDACTED]@host/db");
    CHECK(redacted("redis://:p@ss@host") == "redis://[REDACTED]@host");
}

TEST_CASE("ordinary text is not touched", "[claude_code][unit]") {
    const char* text =
        GENERATE("sk-learn and a task-force; sk-learn-contrib-and-friends", "Bearer of bad news, bearer authentication",
                 "see http://localhost:8080/a and https://me@example.com, mail a:b@c.d", "a --- b ----- c ------- d",
                 "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", "AKIA, AIza, ghp_x and ya29.",
                 "PASSWORD= and TOKEN=\n", "if (token=next) sk- \xe2\x82\xac \xf0\x9f\x98\x80");
    CHECK(redacted(text) == text);
}

TEST_CASE("configured secrets are redacted, of those that contain each other the longest", "[claude_code][unit]") {
    const Redactor redactor({"hunter", "hunter2!", "", "r2!abc"});
    CHECK(redactor.redact("hunter, hunter2!, hunter2?") == "[REDACTED], [REDACTED], [REDACTED]2?");
    CHECK(redactor.redact("hunter2!abcd") == "[REDACTED]d");  // they overlap
    CHECK(Redactor({"pass@word"}).redact("a://u:x-pass@word/") == "a://[REDACTED]/");
}

TEST_CASE("ordinary text leaves at once", "[claude_code][unit]") {
    const Redactor redactor({"hunter2"});
    RedactingStream stream(redactor);
    std::string out;
    for (const std::string piece : {"Hello world ", "this is the answers", " x=", "1 g", "reat"}) {
        const std::size_t held = piece == "1 g" ? 1 : 0;
        const std::string before = out;
        stream.feed(piece, out);
        if (piece != "reat") CHECK(out == before + piece.substr(0, piece.size() - held));
    }
    CHECK(out == "Hello world this is the answers x=1 great");
}

TEST_CASE("prose leaves word by word, and what is held back of it leaves with the next word", "[claude_code][unit]") {
    const Redactor redactor({});
    const std::string_view prose =
        "Hello world , the bearer of a sky-blue ask-me sign, aged 50 , said: \"Be glad!\" (as they do) and -- for a "
        "while - it was so; see https://example.com/a?b=c#d for x=1 , sk-learn or gh and Bearer of good news . ";
    std::string out;
    RedactingStream stream(redactor);
    for (std::size_t begin = 0; begin < prose.size();) {
        const std::size_t end = prose.find(' ', begin) + 1;
        stream.feed(prose.substr(begin, end - begin), out);
        const bool may_be_key = prose.substr(0, end).ends_with("earer ");
        if (!may_be_key) CHECK(out == prose.substr(0, end));
        begin = end;
    }
    CHECK(out == prose);
}

TEST_CASE("of a word only the beginning of a key is held back", "[claude_code][unit]") {
    const auto [piece, held] = GENERATE(table<std::string, std::size_t>(
        {{" with", 0}, {" answers", 0}, {" begin", 0}, {" be", 2}, {" A", 1}, {" sk-", 3}, {" ask-", 1}, {" x--", 2}}));
    const Redactor redactor({});
    RedactingStream stream(redactor);
    std::string out;
    stream.feed(piece, out);
    CHECK(out == piece.substr(0, piece.size() - held));
    stream.feed(" on ", out);
    CHECK(out == piece + " on ");
}

TEST_CASE("a secret without an end is given out as one, and not kept", "[claude_code][unit]") {
    const Redactor redactor({});
    RedactingStream stream(redactor);
    std::string out;
    stream.feed("sk-ant-", out);
    for (int i = 0; i < 100'000; ++i) stream.feed("abcdefgh12", out);
    CHECK(out == "[REDACTED]");
    stream.feed(" end", out);
    CHECK(out == "[REDACTED] end");
}

TEST_CASE("text in pieces is redacted as the whole is, however it is cut", "[claude_code][unit]") {
    const Redactor redactor({"hunter2", "hunter", "r2 sk-", "=\"s"});
    const std::vector<std::string> parts = {"sk-",
                                            "ant-",
                                            "api03",
                                            "abcdefgh",
                                            "12345678",
                                            "AKIA",
                                            "IOSFODNN7EXAMPLE",
                                            "Bearer ",
                                            "ghp_",
                                            "github_pat_",
                                            "://",
                                            "user",
                                            ":",
                                            "pass",
                                            "@",
                                            "/",
                                            " ",
                                            "\n",
                                            "-",
                                            "-----",
                                            "BEGIN ",
                                            "PRIVATE KEY",
                                            "END ",
                                            "X_PASSWORD",
                                            "=",
                                            "\"",
                                            "hunter",
                                            "2",
                                            "r2",
                                            "\xe2\x82\xac",
                                            "ya29.",
                                            "AIza",
                                            "TOKEN=",
                                            "-----BEGIN PRIVATE KEY-----",
                                            "-----END PRIVATE KEY-----",
                                            "word",
                                            std::string(300, 'u')};
    std::minstd_rand random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (std::size_t count = random() % 14; count > 0; --count) text += parts[random() % parts.size()];
        const std::string whole = redactor.redact(text);
        const std::string pieces = redacted_in_pieces(redactor, text, random);
        if (whole != pieces) FAIL("text: " << text << "\nwhole: " << whole << "\npieces: " << pieces);
    }
}
