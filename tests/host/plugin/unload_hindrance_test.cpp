#include "plugin/unload_hindrance.hpp"

#include "plugin/plugin_library.hpp"
#include "plugin_image.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace sluice::plugin;

namespace {

std::vector<std::string> hindrances(const std::string& name) {
    PluginImage image(fixture(name));
    return find_unload_hindrances(MemoryBytes(image.bytes()));
}

}  // namespace

TEST_CASE("nothing keeps a plain plugin", "[plugin][unit]") { CHECK(hindrances("fixture").empty()); }

TEST_CASE("a file that is marked NODELETE says so", "[plugin][unit]") {
    CHECK(hindrances("resident") == std::vector<std::string>{"is marked NODELETE (linked with -z nodelete)"});
}

TEST_CASE("unique symbols and thread-local destructors are found by name", "[plugin][unit]") {
    const auto found = hindrances(GENERATE("clinging_gnu", "clinging_sysv"));
    REQUIRE(found.size() == 2);
    CHECK(found[0] == "has 1 unique symbol, such as _ZN8clinging4lifeE (compile with -fno-gnu-unique)");
    CHECK_THAT(found[1], Catch::StartsWith("imports __cxa_thread_atexit") &&
                             Catch::Contains("a thread_local with a destructor keeps it while a thread lives"));
}

TEST_CASE("the report of a plugin that stays says what keeps it", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto copies = PrivateCopies::open(folder.path() / "state");
    std::vector<UnloadReport> reports;
    const auto observer = [&](const UnloadReport& report) { reports.push_back(report); };
    for (const char* name : {"resident", "fixture"}) {
        REQUIRE(PluginLibrary::load(folder.take(fixture(name)), *copies, LoadOptions{observer, {}, false}));
    }
    REQUIRE(reports.size() == 2);
    CHECK(reports[0].outcome == UnloadOutcome::kResident);
    CHECK(reports[0].reason == "is marked NODELETE (linked with -z nodelete)");
    CHECK(reports[1].outcome == UnloadOutcome::kClosed);
    CHECK(reports[1].reason.empty());
}

TEST_CASE("numbers that lead out of a file find nothing and harm nothing", "[plugin][unit]") {
    PluginImage image(fixture("clinging_gnu"));
    const std::vector<std::byte> whole = image.bytes();
    CHECK(find_unload_hindrances(MemoryBytes(std::span(whole).first(0))).empty());
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::byte> bytes(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(random() % whole.size()));
        for (int flips = 0; flips < 8 && !bytes.empty(); ++flips) bytes[random() % bytes.size()] = std::byte(random());
        CHECK(find_unload_hindrances(MemoryBytes(bytes)).size() <= 3);
    }
}
