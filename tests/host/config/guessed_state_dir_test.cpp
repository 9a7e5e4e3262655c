#include "config/loader.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <unistd.h>

namespace {

std::string guessed(const std::string& text) {
    char name[] = "/tmp/sluice-test-XXXXXX";
    const int descriptor = mkstemp(name);
    REQUIRE(descriptor >= 0);
    close(descriptor);
    std::ofstream(name) << text;
    std::string found = sluice::config::guessed_state_dir(name);
    std::remove(name);
    return found;
}

}  // namespace

TEST_CASE("the state folder is found in a file that cannot be loaded", "[config][unit]") {
    CHECK(guessed("server:\n  state_dir: /var/lib/x   # here\n: [") == "/var/lib/x");
    CHECK(guessed("server: {port: 0, state_dir: \"/var/lib/x\", oops") == "/var/lib/x");
    CHECK(guessed(R"({"server":{"state_dir":"/var/lib/x","port":0},)") == "/var/lib/x");
    CHECK(guessed("server:\n  # state_dir: /old\n  state_dir: '/new'\n") == "/new");
    CHECK(guessed("server:\n  state_dir: ${SOMEWHERE}\n").empty());
    CHECK(guessed("server:\n  state_dir:\n").empty());
    CHECK(guessed("nothing of it").empty());
    CHECK(sluice::config::guessed_state_dir("/nowhere/at/all").empty());
}
