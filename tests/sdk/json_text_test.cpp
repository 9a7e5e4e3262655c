#include "sluice/cpp/json_text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace {

std::string json_string_of(std::string_view text) {
    std::string out;
    sluice::append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("a JSON string escapes quotes, backslashes and control characters", "[sdk][unit]") {
    CHECK(json_string_of("") == "\"\"");
    CHECK(json_string_of("say \"hi\" \\ now") == R"("say \"hi\" \\ now")");
    CHECK(json_string_of("a\nb\rc\td") == R"("a\nb\rc\td")");
    CHECK(json_string_of(std::string_view("\0\x01\x1f\x7f", 4)) == "\"\\u0000\\u0001\\u001f\x7f\"");
}

TEST_CASE("a JSON string keeps UTF-8 of every length as it is", "[sdk][unit]") {
    const std::string text = "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF";
    CHECK(json_string_of(text) == "\"" + text + "\"");
}

TEST_CASE("a JSON string replaces what is not UTF-8", "[sdk][unit]") {
    const std::string mark = "\xEF\xBF\xBD";
    CHECK(json_string_of("a\xFF") == "\"a" + mark + "\"");
    CHECK(json_string_of("\xC0\xAF") == "\"" + mark + mark + "\"");             // overlong
    CHECK(json_string_of("\xED\xA0\x80") == "\"" + mark + mark + mark + "\"");  // a surrogate
    CHECK(json_string_of("\xF4\x90\x80\x80") == "\"" + mark + mark + mark + mark + "\"");
    CHECK(json_string_of("\xE2\x82") == "\"" + mark + "\"");  // one cut character is one mark
    CHECK(json_string_of("\xE2\x82z") == "\"" + mark + "z\"");
}

TEST_CASE("only the start of a character counts as unfinished", "[sdk][unit]") {
    CHECK(sluice::utf8_unfinished("") == 0);
    CHECK(sluice::utf8_unfinished("abc") == 0);
    CHECK(sluice::utf8_unfinished("\xC3\xA9") == 0);
    CHECK(sluice::utf8_unfinished("a\xC3") == 1);
    CHECK(sluice::utf8_unfinished("\xE2\x82") == 2);
    CHECK(sluice::utf8_unfinished("\xF0\x9F\x98") == 3);
    CHECK(sluice::utf8_unfinished("\xFF") == 0);
    CHECK(sluice::utf8_unfinished("\xED\xA0") == 0);  // no good character begins so
    CHECK(sluice::utf8_unfinished("\x80\x80\x80") == 0);
}
