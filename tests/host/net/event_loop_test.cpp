// The table of sluice.host.loop/1 over real loops and pipes.
#include "net/loop_interface.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "journal.hpp"

using namespace sluice;
using sluice::test::Journal;

namespace {

class Pipe {
public:
    Pipe() {
        if (pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    }
    ~Pipe() {
        close(ends_[0]);
        close_writer();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    int reader() const { return ends_[0]; }
    int writer() const { return ends_[1]; }
    void put() {
        if (write(ends_[1], "x", 1) != 1) throw std::runtime_error("the pipe takes nothing");
    }
    void close_writer() {
        if (ends_[1] >= 0) close(ends_[1]);
        ends_[1] = -1;
    }

private:
    int ends_[2];
};

/// Two running loops and their table.
struct Stage {
    Stage() { loops.start(); }
    ~Stage() { loops.stop_and_join(); }

    /// Runs `task` on the first loop and waits for its end.
    void on_loop(std::function<void()> task) {
        // No assertion is open here while the task makes its own: Catch knows one thread at a time.
        std::promise<void> done;
        bool is_posted = loops.at(0).post([&] {
            task();
            done.set_value();
        });
        bool is_done = is_posted && done.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
        REQUIRE(is_done);
    }
    net::LoopGroup loops{2};
    const sluice_host_loop& table = *net::loop_interface(loops);
    sluice_loop* loop = table.at(nullptr, 0);
    Journal journal;
};

/// A watch with a function of the test behind it.
struct Watch {
    std::function<void(std::uint32_t)> callback;
    sluice_watch* handle = nullptr;
    static void run(void* ctx, std::uint32_t readiness) { static_cast<Watch*>(ctx)->callback(readiness); }
};

struct Alarm {
    std::function<void()> callback;
    sluice_timer* handle = nullptr;
    static void run(void* ctx) { static_cast<Alarm*>(ctx)->callback(); }
};

}  // namespace

TEST_CASE("loops are found by index and know their thread", "[net][loop]") {
    Stage stage;
    CHECK(stage.table.count(nullptr) == 2);
    sluice_loop* second = stage.table.at(nullptr, 1);
    CHECK(stage.table.at(nullptr, 2) == nullptr);
    CHECK(stage.table.index(second) == 1);
    CHECK(stage.table.is_current(stage.loop) == 0);
    std::int32_t here = 0, there = 1;
    stage.on_loop([&] {
        here = stage.table.is_current(stage.loop);
        there = stage.table.is_current(second);
    });
    CHECK(here == 1);
    CHECK(there == 0);
}

TEST_CASE("what each thread posts runs in its order", "[net][loop]") {
    Stage stage;
    constexpr int kThreads = 4, kPosts = 5000;
    struct Post {
        std::vector<int>* seen;
        int number;
    };
    std::vector<std::vector<int>> seen(kThreads);
    std::vector<std::vector<Post>> posts(kThreads);
    std::atomic<int> refused = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < kThreads; ++thread) {
            auto index = static_cast<std::size_t>(thread);
            for (int i = 0; i < kPosts; ++i) posts[index].push_back({&seen[index], i});
            threads.emplace_back([&, index] {
                for (Post& post : posts[index]) {
                    auto run = [](void* ctx) {
                        Post& mine = *static_cast<Post*>(ctx);
                        mine.seen->push_back(mine.number);
                    };
                    refused += stage.table.post(stage.loop, run, &post) != SLUICE_OK;
                }
            });
        }
    }
    stage.on_loop([] {});
    CHECK(refused == 0);
    for (const auto& numbers : seen) {
        REQUIRE(numbers.size() == kPosts);
        CHECK(std::is_sorted(numbers.begin(), numbers.end()));
    }
}

TEST_CASE("a loop that has stopped takes no more posts, and runs those it took", "[net][loop]") {
    net::LoopGroup loops(1);
    const sluice_host_loop& table = *net::loop_interface(loops);
    sluice_loop* loop = table.at(nullptr, 0);
    std::atomic<int> ran = 0;
    auto count = [](void* ctx) { ++*static_cast<std::atomic<int>*>(ctx); };
    loops.start();
    int taken = 0;
    for (int i = 0; i < 1000; ++i) taken += table.post(loop, count, &ran) == SLUICE_OK;
    loops.stop_and_join();
    CHECK(taken == 1000);
    CHECK(ran == taken);
    CHECK(table.post(loop, count, &ran) == SLUICE_CANCELLED);
    CHECK(ran == taken);
}

TEST_CASE("a posted task may post another", "[net][loop]") {
    Stage stage;
    stage.loops.at(0).post([&] {
        stage.journal.note("first");
        stage.loops.at(0).post([&] { stage.journal.note("second"); });
    });
    REQUIRE(stage.journal.waits_for("second"));
    CHECK(stage.journal.entries() == std::vector<std::string>{"first", "second"});
}

TEST_CASE("a watch tells what its descriptor is ready for", "[net][loop]") {
    Stage stage;
    Pipe pipe;
    Watch watch;
    watch.callback = [&](std::uint32_t readiness) {
        char byte;
        if ((readiness & SLUICE_READABLE) && read(pipe.reader(), &byte, 1) != 1) stage.journal.note("nothing to read");
        stage.journal.note("ready " + std::to_string(readiness));
        if (readiness & SLUICE_FAILED) stage.table.unwatch(watch.handle);
    };
    stage.on_loop([&] {
        CHECK(stage.table.watch(stage.loop, nullptr, pipe.reader(), SLUICE_READABLE, Watch::run, &watch,
                                &watch.handle) == SLUICE_OK);
    });
    pipe.put();
    CHECK(stage.journal.waits_for("ready 1"));
    pipe.put();
    CHECK(stage.journal.waits_for("ready 1", 2));
    stage.on_loop([&] { stage.table.watch_set(watch.handle, 0); });
    pipe.put();
    stage.on_loop([] {});
    CHECK(stage.journal.count("ready 1") == 2);
    stage.on_loop([&] { stage.table.watch_set(watch.handle, SLUICE_READABLE); });
    CHECK(stage.journal.waits_for("ready 1", 3));
    stage.on_loop([&] { stage.table.watch_set(watch.handle, 0); });
    pipe.close_writer();
    CHECK(stage.journal.waits_for("ready 8"));
    stage.on_loop([] {});  // the callback has returned
}

TEST_CASE("a watch sees that the peer has ended without reading", "[net][loop]") {
    Stage stage;
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    Watch watch;
    watch.callback = [&](std::uint32_t readiness) {
        stage.journal.note("ready " + std::to_string(readiness));
        stage.table.unwatch(watch.handle);
    };
    stage.on_loop([&] {
        stage.table.watch(stage.loop, nullptr, ends[0], SLUICE_PEER_CLOSED, Watch::run, &watch, &watch.handle);
    });
    REQUIRE(write(ends[1], "unread", 6) == 6);
    shutdown(ends[1], SHUT_WR);
    CHECK(stage.journal.waits_for("ready 4"));
    stage.on_loop([] {});
    CHECK(stage.journal.entries().size() == 1);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("what cannot be watched is refused", "[net][loop]") {
    Stage stage;
    Pipe pipe;
    Watch watch, second;
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    stage.on_loop([&] {
        sluice_watch** out = &second.handle;
        CHECK(stage.table.watch(stage.loop, nullptr, -1, SLUICE_READABLE, Watch::run, &second, out) ==
              SLUICE_E_INVALID);
        CHECK(stage.table.watch(stage.loop, nullptr, file, SLUICE_READABLE, Watch::run, &second, out) ==
              SLUICE_E_INVALID);
        CHECK(stage.table.watch(stage.loop, nullptr, pipe.reader(), 1, Watch::run, &watch, &watch.handle) == SLUICE_OK);
        CHECK(stage.table.watch(stage.loop, nullptr, pipe.reader(), 1, Watch::run, &second, out) == SLUICE_E_INVALID);
        CHECK(second.handle == nullptr);
        stage.table.unwatch(watch.handle);
        CHECK(stage.table.watch(stage.loop, nullptr, pipe.reader(), 1, Watch::run, &watch, &watch.handle) == SLUICE_OK);
        stage.table.unwatch(watch.handle);
    });
    close(file);
}

TEST_CASE("a callback may end its own watch and those that are ready with it", "[net][loop]") {
    Stage stage;
    Pipe first, second;
    Watch watches[2];
    for (Watch& watch : watches) {
        watch.callback = [&](std::uint32_t) {
            stage.journal.note("ready");
            for (Watch& each : watches) stage.table.unwatch(each.handle);
        };
    }
    // Both become ready while the loop is held up, so that one round sees both.
    stage.on_loop([&] {
        stage.table.watch(stage.loop, nullptr, first.reader(), 1, Watch::run, &watches[0], &watches[0].handle);
        stage.table.watch(stage.loop, nullptr, second.reader(), 1, Watch::run, &watches[1], &watches[1].handle);
        first.put();
        second.put();
    });
    REQUIRE(stage.journal.waits_for("ready"));
    stage.on_loop([] {});
    CHECK(stage.journal.entries().size() == 1);
}

TEST_CASE("a descriptor watched anew in the callback of its old watch reaches the new one", "[net][loop]") {
    Stage stage;
    Pipe pipe;
    Watch old, fresh;
    fresh.callback = [&](std::uint32_t) {
        stage.table.unwatch(fresh.handle);
        stage.journal.note("fresh");
    };
    old.callback = [&](std::uint32_t) {
        stage.table.unwatch(old.handle);
        stage.table.watch(stage.loop, nullptr, pipe.reader(), 1, Watch::run, &fresh, &fresh.handle);
        stage.journal.note("old");
    };
    stage.on_loop([&] { stage.table.watch(stage.loop, nullptr, pipe.reader(), 1, Watch::run, &old, &old.handle); });
    pipe.put();
    REQUIRE(stage.journal.waits_for("fresh"));
    CHECK(stage.journal.entries() == std::vector<std::string>{"old", "fresh"});
}

TEST_CASE("a timer fires on the loop, not early, and may be destroyed in its own callback", "[net][loop]") {
    Stage stage;
    Alarm alarm;
    std::chrono::steady_clock::time_point begun, fired;
    alarm.callback = [&] {
        fired = std::chrono::steady_clock::now();
        stage.table.timer_destroy(alarm.handle);
        stage.journal.note("fired");
    };
    stage.on_loop([&] {
        CHECK(stage.table.timer_create(stage.loop, nullptr, Alarm::run, &alarm, &alarm.handle) == SLUICE_OK);
        begun = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(stage.table.now_ns(stage.loop)));
        stage.table.timer_set(alarm.handle, 20);
    });
    REQUIRE(stage.journal.waits_for("fired"));
    CHECK(fired - begun >= std::chrono::milliseconds(20));
    stage.on_loop([] {});
    CHECK(stage.journal.entries().size() == 1);
}

TEST_CASE("a timer that is stopped or set for ever does not fire", "[net][loop]") {
    Stage stage;
    Alarm stopped, endless, last;
    stopped.callback = [&] { stage.journal.note("stopped"); };
    endless.callback = [&] { stage.journal.note("endless"); };
    last.callback = [&] { stage.journal.note("last"); };
    stage.on_loop([&] {
        for (Alarm* alarm : {&stopped, &endless, &last}) {
            stage.table.timer_create(stage.loop, nullptr, Alarm::run, alarm, &alarm->handle);
        }
        stage.table.timer_set(stopped.handle, 1);
        stage.table.timer_stop(stopped.handle);
        stage.table.timer_set(endless.handle, UINT64_MAX);
        stage.table.timer_set(last.handle, 20);
    });
    REQUIRE(stage.journal.waits_for("last"));
    stage.on_loop([&] {
        for (Alarm* alarm : {&stopped, &endless, &last}) stage.table.timer_destroy(alarm->handle);
    });
    CHECK(stage.journal.entries() == std::vector<std::string>{"last"});
}

TEST_CASE("a marked target is flushed once, at the end of the round that marked it", "[net][loop]") {
    struct Target final : net::FlushTarget {
        explicit Target(Journal& into) : journal(into) {}
        void flush() override { journal.note("flushed"); }
        Journal& journal;
    };
    Stage stage;
    Target target(stage.journal), forgotten(stage.journal);
    stage.loops.at(0).post([&] {
        net::EventLoop& loop = stage.loops.at(0);
        loop.mark_for_flush(target);
        loop.mark_for_flush(forgotten);
        loop.mark_for_flush(target);
        loop.forget_flush(forgotten);
        stage.journal.note("marked");
    });
    REQUIRE(stage.journal.waits_for("flushed"));
    stage.on_loop([] {});
    CHECK(stage.journal.entries() == std::vector<std::string>{"marked", "flushed"});
}

TEST_CASE("deferred work runs at the end of the round, with what it defers itself, before the flush", "[net][loop]") {
    struct Target final : net::FlushTarget {
        explicit Target(Journal& into) : journal(into) {}
        void flush() override { journal.note("flushed"); }
        Journal& journal;
    };
    struct Work {
        std::function<void()> run;
        static void call(void* ctx) { static_cast<Work*>(ctx)->run(); }
    };
    Stage stage;
    Target target(stage.journal);
    Work second{[&] { stage.journal.note("second"); }};
    Work first{[&] {
        stage.journal.note("first");
        CHECK(stage.table.defer(stage.loop, Work::call, &second) == SLUICE_OK);
    }};
    stage.loops.at(0).post([&] {
        stage.loops.at(0).mark_for_flush(target);
        CHECK(stage.table.defer(stage.loop, Work::call, &first) == SLUICE_OK);
        stage.journal.note("event");
    });
    REQUIRE(stage.journal.waits_for("flushed"));
    CHECK(stage.journal.entries() == std::vector<std::string>{"event", "first", "second", "flushed"});
}
