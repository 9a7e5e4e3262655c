#include "sluice/cpp/loop.hpp"
#include "sluice/testing/fake_host.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using sluice::Host;
using sluice::Loop;
using sluice::testing::FakeHost;

namespace {

// Two ends of a connection.
struct SocketPair {
    SocketPair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0); }
    SocketPair(const SocketPair&) = delete;
    SocketPair& operator=(const SocketPair&) = delete;
    ~SocketPair() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    int ends[2] = {-1, -1};
};

struct Listener {
    std::vector<std::uint32_t> told;
    std::vector<std::string> failures;
    int fired = 0;
    sluice::Watch watch;
    sluice::Timer timer;

    void on_ready(std::uint32_t readiness) noexcept { told.push_back(readiness); }
    void on_ready_once(std::uint32_t readiness) noexcept {
        told.push_back(readiness);
        watch.reset();
    }
    void on_time() noexcept { ++fired; }
    void on_time_again() noexcept {
        ++fired;
        timer.set(10ms);
    }
    void on_time_throw() { throw std::runtime_error("late"); }
    void callback_failed() noexcept {
        try {
            throw;
        } catch (const std::exception& exception) {
            failures.push_back(exception.what());
        }
    }
};

}  // namespace

TEST_CASE("a watch tells of readable data until it is read", "[sdk][unit]") {
    FakeHost fake;
    SocketPair pair;
    Listener listener;
    const Loop loop = Host(fake).loops().at(0);
    listener.watch = loop.watch<&Listener::on_ready_once>(pair.ends[0], SLUICE_READABLE, &listener);
    REQUIRE(listener.watch);

    fake.loop().run_ready();
    CHECK(listener.told.empty());
    REQUIRE(::write(pair.ends[1], "x", 1) == 1);
    fake.loop().run_ready();
    CHECK(listener.told == std::vector<std::uint32_t>{SLUICE_READABLE});
    CHECK(fake.loop().watch_count() == 0);
}

TEST_CASE("a watch changes what it waits for and hears of the peer's end", "[sdk][unit]") {
    FakeHost fake;
    SocketPair pair;
    Listener listener;
    listener.watch =
        Host(fake).loops().at(0).watch<&Listener::on_ready_once>(pair.ends[0], SLUICE_PEER_CLOSED, &listener);
    listener.watch.set(0);
    ::shutdown(pair.ends[1], SHUT_WR);
    fake.loop().run_ready();
    CHECK(listener.told.empty());
    listener.watch.set(SLUICE_PEER_CLOSED);
    fake.loop().run_ready();
    CHECK(listener.told == std::vector<std::uint32_t>{SLUICE_PEER_CLOSED});
}

TEST_CASE("a descriptor cannot be watched twice or when it is not open", "[sdk][unit]") {
    FakeHost fake;
    SocketPair pair;
    Listener listener;
    const Loop loop = Host(fake).loops().at(0);
    const sluice::Watch first = loop.watch<&Listener::on_ready>(pair.ends[0], SLUICE_READABLE, &listener);
    CHECK(first);
    CHECK_FALSE(loop.watch<&Listener::on_ready>(pair.ends[0], SLUICE_READABLE, &listener));
    CHECK_FALSE(loop.watch<&Listener::on_ready>(-1, SLUICE_READABLE, &listener));
}

TEST_CASE("a timer fires once, not early, and may set itself again", "[sdk][unit]") {
    FakeHost fake;
    Listener listener;
    listener.timer = Host(fake).loops().at(0).timer<&Listener::on_time>(&listener);
    listener.timer.set(100ms);
    fake.advance(99ms);
    CHECK(listener.fired == 0);
    fake.advance(1ms);
    CHECK(listener.fired == 1);
    fake.advance(1000ms);
    CHECK(listener.fired == 1);

    listener.timer = Host(fake).loops().at(0).timer<&Listener::on_time_again>(&listener);
    listener.timer.set(10ms);
    fake.advance(35ms);
    CHECK(listener.fired == 4);
    listener.timer.stop();
    fake.advance(100ms);
    CHECK(listener.fired == 4);
}

TEST_CASE("watches and timers end with their objects and survive a move", "[sdk][unit]") {
    FakeHost fake;
    Listener listener;
    {
        sluice::Timer timer = Host(fake).loops().at(0).timer<&Listener::on_time>(&listener);
        sluice::Timer moved = std::move(timer);
        CHECK_FALSE(timer);
        moved.set(5ms);
        fake.advance(5ms);
        CHECK(listener.fired == 1);
        CHECK(fake.loop().timer_count() == 1);
    }
    CHECK(fake.loop().timer_count() == 0);
}

TEST_CASE("posted work runs in order, on the loop, and not after the loop has stopped", "[sdk][unit]") {
    FakeHost fake;
    const Loop loop = Host(fake).loops().at(0);
    std::vector<int> order;
    auto owned = std::make_unique<int>(2);
    CHECK(loop.post([&order]() noexcept { order.push_back(1); }) == SLUICE_OK);
    CHECK(loop.post([&order, number = std::shared_ptr<int>(std::move(owned))]() noexcept {
        order.push_back(*number);
    }) == SLUICE_OK);
    CHECK(order.empty());
    fake.loop().run_ready();
    CHECK(order == std::vector<int>{1, 2});

    Listener listener;
    CHECK(loop.post<&Listener::on_time>(&listener) == SLUICE_OK);
    fake.loop().run_ready();
    CHECK(listener.fired == 1);
    fake.loop().stop();
    CHECK(loop.post([&order]() noexcept { order.push_back(3); }) == SLUICE_CANCELLED);
    fake.loop().run_ready();
    CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("deferred work runs at the end of the round", "[sdk][unit]") {
    FakeHost fake;
    const Loop loop = Host(fake).loops().at(0);
    Listener listener;
    std::size_t fired_when_posted_ran = 1;
    CHECK(loop.defer<&Listener::on_time>(&listener) == SLUICE_OK);
    loop.post([&]() noexcept { fired_when_posted_ran = static_cast<std::size_t>(listener.fired); });
    fake.loop().run_ready();
    CHECK(fired_when_posted_ran == 0);
    CHECK(listener.fired == 1);
}

TEST_CASE("a callback that throws is told to its owner and nothing escapes", "[sdk][unit]") {
    FakeHost fake;
    Listener listener;
    listener.timer = Host(fake).loops().at(0).timer<&Listener::on_time_throw>(&listener);
    listener.timer.set(0ms);
    fake.advance(0ms);
    CHECK(listener.failures == std::vector<std::string>{"late"});
}

TEST_CASE("work on each loop is waited for from a thread that is no loop's", "[sdk][unit]") {
    FakeHost fake;
    bool was_on_loop = false;
    bool caller_was_on_loop = true;
    fake.run_on_main_thread([&] {
        const sluice::Loops loops = Host(fake).loops();
        caller_was_on_loop = loops.at(0).is_current();
        loops.run_on_each([&](Loop loop) noexcept { was_on_loop = loop.is_current(); });
    });
    CHECK(was_on_loop);
    CHECK_FALSE(caller_was_on_loop);
}
