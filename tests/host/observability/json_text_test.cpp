#include "observability/json_text.hpp"
#include "observability/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

using sluice::observability::append_json_string;
using sluice::observability::append_plain_text;
using sluice::observability::is_valid_utf8;

namespace {

std::string json(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string plain(std::string_view text) {
    std::string out;
    append_plain_text(out, text);
    return out;
}

const std::string kReplacement = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("plain text is put into quotes as it is", "[observability][unit]") {
    CHECK(json("") == "\"\"");
    CHECK(json("hello, world") == "\"hello, world\"");
}

TEST_CASE("quotes, backslashes and control characters are escaped", "[observability][unit]") {
    CHECK(json("a\"b\\c") == R"("a\"b\\c")");
    CHECK(json("\b\f\n\r\t") == R"("\b\f\n\r\t")");
    CHECK(json(std::string_view("\0\x1f\x7f", 3)) == R"("\u0000\u001f\u007f")");
}

TEST_CASE("C1 control characters are escaped, which could steer a terminal", "[observability][unit]") {
    CHECK(json("\xC2\x9B"
               "31m") == R"("\u009b31m")");
    CHECK(plain("\xC2\x9B"
                "31m") == R"(\u009b31m)");
}

TEST_CASE("valid UTF-8 of every length is left as it is", "[observability][unit]") {
    for (const std::string text : {"\xC2\xA0", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF",
                                   "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
        CHECK(json("x" + text + "y") == "\"x" + text + "y\"");
        CHECK(is_valid_utf8(text));
    }
}

TEST_CASE("invalid UTF-8 becomes one replacement character for each broken piece", "[observability][unit]") {
    CHECK(json("a\x80"
               "b") == "\"a" + kReplacement + "b\"");
    CHECK(json("\xC0\xAF") == "\"" + kReplacement + kReplacement + "\"");                     // overlong
    CHECK(json("\xED\xA0\x80") == "\"" + kReplacement + kReplacement + kReplacement + "\"");  // surrogate
    CHECK(json("\xE2\x82") == "\"" + kReplacement + "\"");                                    // cut at the end
    CHECK(json("\xE2\x82z") == "\"" + kReplacement + "z\"");                                  // cut before another
    CHECK(json("\xF5\x80") == "\"" + kReplacement + kReplacement + "\"");                     // above U+10FFFF
    CHECK_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));
}

TEST_CASE("every pair of bytes gives valid UTF-8 without raw control characters", "[observability][unit]") {
    std::size_t faults = 0;
    for (int pair = 0; pair < 65536; ++pair) {
        const std::string text{static_cast<char>(pair >> 8), static_cast<char>(pair & 0xFF)};
        const std::string out = json(text);
        bool has_control = false;
        for (const char byte : out) {
            has_control = has_control || static_cast<unsigned char>(byte) < 0x20;
        }
        faults += has_control || !is_valid_utf8(out) ? 1 : 0;
    }
    CHECK(faults == 0);
}

TEST_CASE("text for a terminal keeps its quotes and loses its line ends", "[observability][unit]") {
    CHECK(plain("say \"hi\"\nnow") == R"(say "hi"\nnow)");
}
