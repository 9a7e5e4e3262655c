#include "routing/glob.hpp"

#include <catch2/catch.hpp>

#include <string>

using sluice::routing::matches_glob;

TEST_CASE("a pattern without a star is the text itself", "[routing][unit]") {
    CHECK(matches_glob("echo", "echo"));
    CHECK(matches_glob("", ""));
    CHECK_FALSE(matches_glob("echo", "Echo"));
    CHECK_FALSE(matches_glob("echo", "echo2"));
    CHECK_FALSE(matches_glob("echo2", "echo"));
    CHECK_FALSE(matches_glob("", "x"));
    CHECK_FALSE(matches_glob("?[a].", "xa."));
}

TEST_CASE("a star stands for any text, also none", "[routing][unit]") {
    for (const char* text : {"", "x", "claude-3", "a*b"}) CHECK(matches_glob("*", text));
    CHECK(matches_glob("claude-*", "claude-"));
    CHECK(matches_glob("claude-*", "claude-opus-4"));
    CHECK_FALSE(matches_glob("claude-*", "claude"));
    CHECK(matches_glob("*-mini", "gpt-4o-mini"));
    CHECK_FALSE(matches_glob("*-mini", "gpt-4o-mini-x"));
    CHECK(matches_glob("/v1/*/content", "/v1/files/1/content"));
    CHECK(matches_glob("a*b*c", "aXbYbZc"));
    CHECK_FALSE(matches_glob("a*b*c", "aXcYb"));
    CHECK(matches_glob("**a**", "bab"));
    CHECK(matches_glob("*aab", "aaaaab"));
}

TEST_CASE("a pattern of many stars takes no time on a text that almost fits", "[routing][unit]") {
    std::string pattern, text(20000, 'a');
    for (int i = 0; i < 50; ++i) pattern += "a*";
    CHECK_FALSE(matches_glob(pattern + "b", text));
    CHECK(matches_glob(pattern, text));
}
