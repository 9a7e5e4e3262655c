#include "http/attributes.hpp"

#include <catch2/catch.hpp>

#include <string>

using sluice::http::Attributes;

TEST_CASE("an attribute reads as it was set last, an unknown one as empty", "[http][unit]") {
    Attributes attributes;
    CHECK(attributes.set("key.id", "k1"));
    CHECK(attributes.set("session.id", "s1"));
    CHECK(attributes.set("key.id", "k2"));
    CHECK(attributes.find("key.id") == "k2");
    CHECK(attributes.find("session.id") == "s1");
    CHECK(attributes.find("key").empty());
    attributes.clear();
    CHECK(attributes.find("key.id").empty());
    CHECK(attributes.set("key.masked", "m"));
    CHECK(attributes.find("key.masked") == "m");
    CHECK(attributes.find("key.id").empty());
}

TEST_CASE("attributes are bounded in number and size, and an old one can still be changed", "[http][unit]") {
    Attributes attributes;
    CHECK_FALSE(attributes.set("", "x"));
    CHECK_FALSE(attributes.set(std::string(257, 'n'), "x"));
    CHECK_FALSE(attributes.set("x", std::string(1025, 'v')));
    for (int count = 0; count < 16; ++count) CHECK(attributes.set("n" + std::to_string(count), "x"));
    CHECK_FALSE(attributes.set("one more", "x"));
    CHECK(attributes.set("n3", "y"));
    CHECK(attributes.find("n3") == "y");
    CHECK(attributes.find("one more").empty());
}
