#include "sluice/testing/fake_host.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using sluice::Host;
using sluice::testing::FakeHost;
using sluice::testing::Time;

TEST_CASE("log lines arrive with their level and below the level they do not", "[sdk][unit]") {
    FakeHost fake;
    const sluice::Log log = Host(fake).log();
    log.debug("details");
    fake.log().set_level(SLUICE_LOG_WARN);
    log.info("not wanted");
    log.error("broken");

    CHECK(fake.log().lines().size() == 2);
    CHECK(fake.log().has(SLUICE_LOG_DEBUG, "details"));
    CHECK(fake.log().has(SLUICE_LOG_ERROR, "broken"));
    CHECK_FALSE(log.is_enabled(SLUICE_LOG_INFO));
    CHECK(log.is_enabled(SLUICE_LOG_WARN));
}

TEST_CASE("a metric is the same for the same name and labels in any order", "[sdk][unit]") {
    FakeHost fake;
    const sluice::Metrics metrics = Host(fake).metrics();
    metrics.counter("calls_total", "Calls", {{"kind", "a"}, {"way", "in"}}).add();
    metrics.counter("calls_total", "Calls", {{"way", "in"}, {"kind", "a"}}).add(2);
    metrics.gauge("open", "Open").set(5);
    metrics.gauge("open", "Open").add(-1);
    metrics.histogram("delay_seconds", "Delay", {0.1, 1}).observe(0.25);

    CHECK(fake.metrics().value("calls_total", {{"kind", "a"}, {"way", "in"}}) == 3);
    CHECK(fake.metrics().value("calls_total") == 0);
    CHECK(fake.metrics().value("open") == 4);
    CHECK(fake.metrics().observations("delay_seconds") == std::vector<double>{0.25});
    CHECK(fake.breaches().text() == "");
}

TEST_CASE("a metric with a name Prometheus would refuse is empty, ignored and reported", "[sdk][unit]") {
    FakeHost fake;
    const sluice::Counter counter = Host(fake).metrics().counter("Calls-Total", "Calls");
    counter.add();
    CHECK_FALSE(counter);
    CHECK(fake.breaches().mention("Calls-Total"));
}

TEST_CASE("a counter that goes down and bounds that do not ascend are reported", "[sdk][unit]") {
    FakeHost fake;
    Host(fake).metrics().counter("calls", "Calls").add(-1);
    CHECK(fake.breaches().mention("calls"));
    fake.breaches().clear();
    Host(fake).metrics().histogram("delay", "Delay", {1, 1});
    CHECK(fake.breaches().mention("ascend"));
}

TEST_CASE("the manual clock stands still until it is moved", "[sdk][unit]") {
    FakeHost fake;
    const sluice::Clock clock = Host(fake).clock();
    const auto monotonic = clock.monotonic();
    const auto unix_time = clock.unix_time();
    CHECK(clock.monotonic() == monotonic);
    fake.advance(1500ms);
    CHECK(clock.monotonic() - monotonic == 1500ms);
    CHECK(clock.unix_time() - unix_time == 1500ms);
}

TEST_CASE("the real clock is the system's", "[sdk][unit]") {
    FakeHost fake("real", Time::kReal);
    const auto before = std::chrono::steady_clock::now().time_since_epoch();
    CHECK(Host(fake).clock().monotonic() >= before);
}

TEST_CASE("a plugin works with a host that has no log, no metrics and no clock", "[sdk][unit]") {
    for (const std::string id :
         {SLUICE_HOST_LOG_ID, SLUICE_HOST_METRICS_ID, SLUICE_HOST_CLOCK_ID, SLUICE_HOST_LOOP_ID}) {
        FakeHost fake;
        fake.withhold(id);
        const Host host(fake);
        host.log().error("nobody hears this");
        host.metrics().counter("calls", "Calls").add();
        CHECK(host.clock().unix_time() > 0ms);
        CHECK(host.loops().count() == (id == SLUICE_HOST_LOOP_ID ? 0 : 1));
    }
}

TEST_CASE("an instance under test has a folder until the test is over", "[sdk][unit]") {
    std::string folder;
    {
        FakeHost fake;
        folder = Host(fake).folder();
        CHECK(std::filesystem::is_directory(folder));
        CHECK(Host(fake).folder() == folder);
        std::ofstream(folder + "/file") << "x";
        fake.withhold(SLUICE_HOST_FOLDER_ID);
        CHECK_THROWS_WITH(Host(fake).folder(), "this host offers no folder for files (sluice.host.folder/1)");
    }
    CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("an instance knows its configured name and finds further interfaces by id", "[sdk][unit]") {
    FakeHost fake("west wing");
    CHECK(Host(fake).instance() == "west wing");
    CHECK(Host(fake).find<sluice_host_clock>(SLUICE_HOST_CLOCK_ID) != nullptr);
    CHECK(Host(fake).find<sluice_host_clock>("sluice.host.unheard_of/1") == nullptr);
}
