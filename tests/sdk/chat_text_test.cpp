#include "sluice/cpp/chat_text.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <string_view>

using sluice::last_user_text;

namespace {

std::optional<std::string> user_says(const std::string& content_json) {
    return last_user_text("{\"messages\":[{\"role\":\"user\",\"content\":" + content_json + "}]}");
}

}  // namespace

TEST_CASE("the last message of the user counts, wherever it stands", "[sdk][unit]") {
    CHECK(last_user_text(R"({"model":"m","messages":[
        {"role":"system","content":"be brief"},
        {"role":"user","content":"first"},
        {"content":"second","role":"user"},
        {"role":"assistant","content":"an answer"}],"stream":false})") == "second");
}

TEST_CASE("escapes in a message are decoded", "[sdk][unit]") {
    CHECK(user_says(R"("a\"b\\c\/d\b\f\n\r\t")") == "a\"b\\c/d\b\f\n\r\t");
    CHECK(user_says(R"("\u0041\u00e9\u20AC")") == "A\xC3\xA9\xE2\x82\xAC");
    CHECK(user_says(R"("\ud83d\ude00")") == "\xF0\x9F\x98\x80");
    CHECK(user_says(R"("\u0000")") == std::string(1, '\0'));
}

TEST_CASE("half a surrogate pair becomes a replacement character", "[sdk][unit]") {
    const std::string mark = "\xEF\xBF\xBD";
    CHECK(user_says(R"("\ud83d")") == mark);
    CHECK(user_says(R"("\ud83dx")") == mark + "x");
    CHECK(user_says(R"("\ude00")") == mark);
    CHECK(user_says(R"("\ud83d\u0041")") == mark + "A");
    CHECK(user_says(R"("\ud83d\ud83d\ude00")") == mark + "\xF0\x9F\x98\x80");
}

TEST_CASE("the texts of content parts stand one a line and other parts are left out", "[sdk][unit]") {
    CHECK(user_says(R"([{"type":"text","text":"one"},{"type":"image_url","image_url":{"url":"http://x/"}},
                        {"text":"two","type":"text"}])") == "one\ntwo");
    CHECK(user_says("[]") == std::nullopt);
    CHECK(user_says(R"([{"type":"image_url","text":"no"}])") == std::nullopt);
    CHECK(user_says(R"([{"type":"text","text":7},"loose"])") == std::nullopt);
}

TEST_CASE("an empty text is a text, a missing one is not", "[sdk][unit]") {
    CHECK(user_says("\"\"") == "");
    CHECK(user_says("null") == std::nullopt);
    CHECK(last_user_text(R"({"messages":[]})") == std::nullopt);
    CHECK(last_user_text(R"({"messages":{"role":"user"}})") == std::nullopt);
    CHECK(last_user_text(R"({"messages":[{"role":"user"}]})") == std::nullopt);
    CHECK(last_user_text("{}") == std::nullopt);
}

TEST_CASE("a name that is written with escapes is the same name", "[sdk][unit]") {
    CHECK(last_user_text(R"({"m\u0065ssages":[{"r\u006fle":"us\u0065r","content":"x"}]})") == "x");
}

TEST_CASE("braces and quotes inside of strings do not mislead", "[sdk][unit]") {
    CHECK(last_user_text(
              R"({"a":"}]\"{","b":{"messages":[1,{"c":"]"}]},"messages":[{"role":"user","content":"}{"}]})") == "}{");
}

TEST_CASE("nesting of any depth is walked over without recursion", "[sdk][unit]") {
    const std::string deep = std::string(200000, '[') + std::string(200000, ']');
    CHECK(last_user_text("{\"x\":" + deep + R"(,"messages":[{"role":"user","content":"still here"}]})") ==
          "still here");
}

TEST_CASE("a body that is cut or damaged anywhere is read without harm", "[sdk][unit]") {
    const std::string body =
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a\ud83d\ude00\n\"b"}]}]})";
    REQUIRE(last_user_text(body));
    for (std::size_t length = 0; length < body.size(); ++length) {
        // A copy of its own, so that a sanitizer sees a read behind its end.
        const std::string cut(body.data(), length);
        static_cast<void>(last_user_text(cut));
    }
    for (std::size_t position = 0; position < body.size(); ++position) {
        for (const char damage : std::string_view("\"\\{}[],:u\0 ", 11)) {
            std::string damaged = body;
            damaged[position] = damage;
            static_cast<void>(last_user_text(damaged));
        }
    }
    for (const char* text :
         {"", "\"", "\\", "{\"", "{\"\\", "{\"messages\":[{\"role\":\"user\",\"content\":\"\\u12", "{,}", "]"}) {
        CHECK(last_user_text(text) == std::nullopt);
    }
}
