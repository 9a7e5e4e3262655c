#include "sluice/testing/fake_loop.hpp"
#include "sluice/cpp/loop.hpp"
#include "sluice/testing/fake_host.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using sluice::Host;
using sluice::testing::FakeHost;
using sluice::testing::Time;

namespace {

struct Note {
    std::vector<std::string>* list;
    std::string text;
    void write() noexcept { list->push_back(text); }
};

struct Pipe {
    Pipe() { REQUIRE(::pipe2(ends, O_NONBLOCK) == 0); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    int ends[2] = {-1, -1};
};

struct Sleeper {
    void on_ready(std::uint32_t) noexcept {}
};

}  // namespace

TEST_CASE("timers fire in the order in which they are due, whoever was made first", "[sdk][unit]") {
    FakeHost fake;
    std::vector<std::string> list;
    Note late{&list, "late"};
    Note early{&list, "early"};
    const auto loop = Host(fake).loops().at(0);
    auto late_timer = loop.timer<&Note::write>(&late);
    auto early_timer = loop.timer<&Note::write>(&early);
    late_timer.set(30ms);
    early_timer.set(20ms);
    fake.advance(1000ms);
    CHECK(list == std::vector<std::string>{"early", "late"});
}

TEST_CASE("with real time a timer fires without anybody moving the clock", "[sdk][unit]") {
    FakeHost fake("test", Time::kReal);
    std::vector<std::string> list;
    Note note{&list, "rung"};
    auto timer = Host(fake).loops().at(0).timer<&Note::write>(&note);
    timer.set(2ms);
    CHECK(fake.loop().run_until([&] { return !list.empty(); }));
}

TEST_CASE("waiting for what never comes ends at its limit", "[sdk][unit]") {
    FakeHost fake;
    CHECK_FALSE(fake.loop().run_until([] { return false; }, 5ms));
}

TEST_CASE("what belongs to the loop's thread is reported when another one calls it", "[sdk][unit]") {
    FakeHost fake;
    std::vector<std::string> list;
    Note note{&list, ""};
    std::thread([&] { auto timer = Host(fake).loops().at(0).timer<&Note::write>(&note); }).join();
    CHECK(fake.breaches().mention("timer_create() was called on a thread that is not the loop's"));
    CHECK(fake.breaches().mention("timer_destroy()"));
}

TEST_CASE("watches, timers and posted work that are left behind are reported", "[sdk][unit]") {
    FakeHost fake;
    Pipe pipe;
    Sleeper sleeper;
    std::vector<std::string> list;
    Note note{&list, ""};
    const auto loop = Host(fake).loops().at(0);
    const auto watch = loop.watch<&Sleeper::on_ready>(pipe.ends[0], SLUICE_READABLE, &sleeper);
    const auto timer = loop.timer<&Note::write>(&note);
    loop.post<&Note::write>(&note);
    loop.defer<&Note::write>(&note);
    fake.loop().report_leaks();
    CHECK(fake.breaches().mention("a watch of descriptor " + std::to_string(pipe.ends[0])));
    CHECK(fake.breaches().mention("a timer outlives"));
    CHECK(fake.breaches().mention("posted work outlives"));
    CHECK(fake.breaches().mention("deferred work outlives"));
    fake.loop().run_ready();
    CHECK(list.empty());
}

TEST_CASE("closing a descriptor before ending its watch is reported", "[sdk][unit]") {
    FakeHost fake;
    Sleeper sleeper;
    const int descriptor = ::open("/dev/null", O_RDONLY);
    auto watch = Host(fake).loops().at(0).watch<&Sleeper::on_ready>(descriptor, 0, &sleeper);
    ::close(descriptor);
    watch.reset();
    CHECK(fake.breaches().mention("was closed before its watch was ended"));
}
