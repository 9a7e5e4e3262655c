#include "net/client_address.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using net::TrustedProxies;

namespace {

/// The client of a request from `peer` with these X-Forwarded-For lines.
std::string client_of(const TrustedProxies& proxies, const std::string& peer, const std::vector<std::string>& lines) {
    http::Request request;
    for (const std::string& line : lines)
        request.headers.push_back({http::borrow("X-Forwarded-For"), http::borrow(line)});
    return proxies.client_of(request, peer);
}

}  // namespace

TEST_CASE("without trusted proxies the peer is the client, whatever it says", "[net][unit]") {
    TrustedProxies nobody({});
    CHECK(nobody.is_empty());
    CHECK(client_of(nobody, "10.0.0.1", {"1.2.3.4"}) == "10.0.0.1");
    CHECK(client_of(TrustedProxies({"10.0.0.2"}), "10.0.0.1", {"1.2.3.4"}) == "10.0.0.1");
}

TEST_CASE("a trusted proxy's last word that is no proxy itself is the client", "[net][unit]") {
    TrustedProxies proxies({"10.0.0.0/8", "192.168.1.1"});
    CHECK(client_of(proxies, "10.0.0.1", {"1.2.3.4"}) == "1.2.3.4");
    CHECK(client_of(proxies, "10.0.0.1", {"6.6.6.6, 1.2.3.4"}) == "1.2.3.4");
    CHECK(client_of(proxies, "10.0.0.1", {"6.6.6.6, 1.2.3.4, 10.9.9.9 ,192.168.1.1"}) == "1.2.3.4");
    CHECK(client_of(proxies, "10.0.0.1", {"6.6.6.6", "1.2.3.4", "10.9.9.9"}) == "1.2.3.4");
    CHECK(client_of(proxies, "10.0.0.1", {"10.1.1.1, 10.9.9.9"}) == "10.1.1.1");
    CHECK(client_of(proxies, "10.0.0.1", {}) == "10.0.0.1");
}

TEST_CASE("what is no address ends the search", "[net][unit]") {
    TrustedProxies proxies({"10.0.0.0/8"});
    for (const char* line : {"unknown", "", "1.2.3.4:80", "1.2.3.4.5", "1.2", "0x7f.1", "::", "::0", "0:0:0:0:0:0:0:0",
                             "::0.0.0.0", "0.0.0.0", "<script>", "1.2.3.4,"}) {
        CAPTURE(line);
        CHECK(client_of(proxies, "10.0.0.1", {line}) == "10.0.0.1");
    }
    CHECK(client_of(proxies, "10.0.0.1", {"1.2.3.4, junk, 10.2.2.2"}) == "10.2.2.2");
}

TEST_CASE("blocks are compared by their bits", "[net][unit]") {
    TrustedProxies proxies({"172.16.0.0/12", "10.1.2.128/25", "0.0.0.0/33"});
    CHECK(client_of(proxies, "172.31.255.255", {"1.1.1.1"}) == "1.1.1.1");
    CHECK(client_of(proxies, "172.32.0.0", {"1.1.1.1"}) == "172.32.0.0");
    CHECK(client_of(proxies, "10.1.2.129", {"1.1.1.1"}) == "1.1.1.1");
    CHECK(client_of(proxies, "10.1.2.127", {"1.1.1.1"}) == "10.1.2.127");
    CHECK(client_of(TrustedProxies({"0.0.0.0/0"}), "8.8.8.8", {"9.9.9.9"}) == "9.9.9.9");
}

TEST_CASE("IPv6 proxies and clients", "[net][unit]") {
    TrustedProxies proxies({"fd00::/8", "::1"});
    CHECK(client_of(proxies, "::1", {"2001:DB8::1"}) == "2001:db8::1");
    CHECK(client_of(proxies, "fd12:3456::1", {"2001:db8::1, fdff::2"}) == "2001:db8::1");
    CHECK(client_of(proxies, "fe80::1", {"2001:db8::1"}) == "fe80::1");
    CHECK(client_of(proxies, "::1", {"1.2.3.4"}) == "1.2.3.4");
    CHECK(client_of(proxies, "10.0.0.1", {"1.2.3.4"}) == "10.0.0.1");
}
