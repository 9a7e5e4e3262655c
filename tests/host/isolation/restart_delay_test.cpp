#include "isolation/restart_delay.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace std::chrono_literals;
using sluice::isolation::RestartDelay;

TEST_CASE("a process is started again at once the first time, then later and later, up to half a minute",
          "[isolation][unit]") {
    RestartDelay delay;
    CHECK(delay.after_death(1s, false) == 0ms);
    CHECK(delay.after_death(1s, false) == 100ms);
    CHECK(delay.after_death(1s, false) == 200ms);
    CHECK(delay.after_death(1s, false) == 400ms);
    for (int i = 0; i < 100; ++i) {
        CHECK(delay.after_death(1s, false) <= 30s);
    }
    CHECK(delay.after_death(1s, false) == 30s);
}

TEST_CASE("a process that ran well for a minute ends the row", "[isolation][unit]") {
    RestartDelay delay;
    for (int i = 0; i < 5; ++i) {
        delay.after_death(1s, false);
    }
    CHECK(delay.after_death(60s, false) == 0ms);
    CHECK(delay.after_death(1s, false) == 100ms);
}

TEST_CASE("a process that had answered is started again at once", "[isolation][unit]") {
    RestartDelay delay;
    for (int i = 0; i < 5; ++i) {
        delay.after_death(1s, false);
    }
    CHECK(delay.after_death(1s, true) == 0ms);
}
