#include "routing/rendezvous.hpp"

#include <catch2/catch.hpp>

#include <string>

using sluice::routing::RendezvousKey;

TEST_CASE("a key and a target always meet with the same score, in any process", "[routing][unit]") {
    CHECK(RendezvousKey("session-1").score("east", 1) == RendezvousKey("session-1").score("east", 1));
    // Gateways of different versions stand beside each other: a change moves their sessions.
    CHECK(RendezvousKey("session-1").score("east", 1) == Approx(1.0842449259));
}

TEST_CASE("other keys and other targets meet with other scores", "[routing][unit]") {
    const RendezvousKey key("session-1");
    CHECK(key.score("east", 1) != key.score("west", 1));
    CHECK(key.score("east", 1) != RendezvousKey("session-2").score("east", 1));
    CHECK(key.score("", 1) != key.score("east", 1));
}

TEST_CASE("a score grows with the weight and is above 0", "[routing][unit]") {
    for (int i = 0; i < 1000; ++i) {
        const RendezvousKey key(std::to_string(i));
        REQUIRE(key.score("east", 1) > 0);
        REQUIRE(key.score("east", 3) == Approx(3 * key.score("east", 1)));
        REQUIRE(key.score("east", 0) == 0);
    }
}
