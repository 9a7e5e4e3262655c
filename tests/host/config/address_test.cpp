#include "config/address.hpp"

#include <catch2/catch.hpp>

using namespace sluice::config;

TEST_CASE("IPv4 and IPv6 addresses are addresses and names are not", "[config][unit]") {
    CHECK(is_address("127.0.0.1"));
    CHECK(is_address("::1"));
    CHECK(is_address("::ffff:10.0.0.1"));
    CHECK_FALSE(is_address("[::1]"));
    CHECK_FALSE(is_address("localhost"));
    CHECK_FALSE(is_address("127.0.0.256"));
    CHECK_FALSE(is_address(""));
}

TEST_CASE("a block has a prefix that fits its address", "[config][unit]") {
    CHECK(is_address_block("10.0.0.0/8"));
    CHECK(is_address_block("10.0.0.0/32"));
    CHECK(is_address_block("fd00::/128"));
    CHECK(is_address_block("10.1.2.3"));
    const std::string text = GENERATE(as<std::string>(), "10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1",
                                      "10.0.0.0/8x", "a/8", "/8");
    CHECK_FALSE(is_address_block(text));
}

TEST_CASE("an address with a port is read, IPv6 in brackets", "[config][unit]") {
    const auto v4 = read_address_and_port("127.0.0.1:9345");
    REQUIRE(v4);
    CHECK(v4->host == "127.0.0.1");
    CHECK(v4->port == 9345);
    const auto v6 = read_address_and_port("[::1]:0");
    REQUIRE(v6);
    CHECK(v6->host == "::1");
    const std::string text = GENERATE(as<std::string>(), "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
                                      "localhost:80", ":80", "[::1]", "");
    CHECK_FALSE(read_address_and_port(text));
}
