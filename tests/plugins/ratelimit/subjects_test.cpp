// Who counts as whom.
#include "client_network.hpp"
#include "limited_gateway.hpp"
#include "model_pattern.hpp"

namespace sluice::ratelimit {
namespace {

std::string network(std::string_view address, unsigned bits) {
    std::string out;
    append_client_network(address, bits, out);
    return out;
}

FakeRequest in_session(std::string_view id) { return FakeRequest().set_header("X-Claude-Session-ID", id); }

}  // namespace

TEST_CASE("IPv6 addresses of one network count as one client", "[ratelimit][unit]") {
    CHECK(network("2001:db8::1", 64) == "20010db800000000/64");
    CHECK(network("2001:db8::1", 64) == network("2001:db8:0:0:ffff::2", 64));
    CHECK(network("2001:db8:0:1::1", 64) != network("2001:db8::1", 64));
    CHECK(network("2001:db8:0:1ff::1", 57) == "20010db800000180/57");
    CHECK(network("2001:db8::1", 128) != network("2001:db8::2", 128));
    CHECK(network("fe80::1%eth0", 64) == "fe80000000000000/64");
}

TEST_CASE("an IPv4-mapped address counts as the IPv4 address", "[ratelimit][unit]") {
    CHECK(network("::ffff:192.0.2.7", 64) == "192.0.2.7");
    CHECK(network("::FFFF:c000:0207", 64) == "192.0.2.7");
    CHECK(network("192.0.2.7", 64) == "192.0.2.7");
}

TEST_CASE("what is no address counts as it is", "[ratelimit][unit]") {
    CHECK(network("", 64) == "");
    CHECK(network("unix:", 64) == "unix:");
    CHECK(network(std::string(100, ':'), 64) == std::string(100, ':'));
}

TEST_CASE("a client is its key, and its address without one", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","requests":1}]})");
    Visit anonymous(gateway, "10.0.0.1");
    CHECK(anonymous.passes_head());
    Visit ann(gateway, "10.0.0.1");
    ann.exchange.set_attribute("key.id", "ann");
    CHECK(ann.passes_head());
    Visit again(gateway, "10.0.0.2");
    again.exchange.set_attribute("key.id", "ann");
    CHECK_FALSE(again.passes_head());
    // A key that is named like an address is not that address.
    Visit disguised(gateway, "10.0.0.9");
    disguised.exchange.set_attribute("key.id", "10.0.0.1");
    CHECK(disguised.passes_head());
}

TEST_CASE("a session counts only where one is named, without case and within its key", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"session","requests":1}]})");
    for (int i = 0; i < 3; ++i) CHECK(Visit(gateway).passes_head());
    CHECK(Visit(gateway, in_session("ABC-1")).passes_head());
    CHECK_FALSE(Visit(gateway, in_session("abc-1")).passes_head());
    CHECK(Visit(gateway, in_session("abc-2")).passes_head());
    Visit other(gateway, in_session("abc-1"));
    other.exchange.set_attribute("key.id", "bob");
    CHECK(other.passes_head());
    // Longer ones are no sessions of ours; they share what their beginning has.
    CHECK(Visit(gateway, in_session(std::string(64, 'x'))).passes_head());
    CHECK_FALSE(Visit(gateway, in_session(std::string(90, 'x'))).passes_head());
}

TEST_CASE("long subjects are kept as digests", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","requests":1}]})");
    const std::string base(1000, 'k');
    for (const char* last : {"1", "2"}) {
        Visit visit(gateway);
        visit.exchange.set_attribute("key.id", base + last);
        CHECK(visit.passes_head());
    }
    for (const std::string& key : gateway.host.store().quota_keys("ratelimit")) CHECK(key.size() < 128);
    Visit again(gateway);
    again.exchange.set_attribute("key.id", base + "1");
    CHECK_FALSE(again.passes_head());
}

TEST_CASE("a star in a pattern stands for any text", "[ratelimit][unit]") {
    CHECK(matches_pattern("gpt-4*", "gpt-4"));
    CHECK(matches_pattern("*-mini", "gpt-4o-mini"));
    CHECK(matches_pattern("a*b*c", "axxbxbxc"));
    CHECK_FALSE(matches_pattern("a*b*c", "axxbxbx"));
    CHECK_FALSE(matches_pattern("gpt", "gpt-4"));
    CHECK(matches_pattern("*", ""));
}

}  // namespace sluice::ratelimit
