#include "backend/worker_pool.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "journal.hpp"

using sluice::backend::WorkerPool;
using sluice::test::Journal;

TEST_CASE("a pool runs what it takes, queues up to its bound and refuses the rest", "[backend][unit]") {
    Journal journal;
    std::promise<void> open_gate;
    std::shared_future<void> gate = open_gate.get_future().share();
    WorkerPool pool(2, 3);
    auto hold = [&, gate] {
        journal.note("running");
        gate.wait();
        journal.note("done");
    };
    for (int i = 0; i < 2; ++i) REQUIRE(pool.run(hold));
    REQUIRE(journal.waits_for("running", 2));
    for (int i = 0; i < 3; ++i) CHECK(pool.run(hold));
    CHECK_FALSE(pool.run(hold));
    CHECK(journal.count("running") == 2);
    open_gate.set_value();
    CHECK(journal.waits_for("done", 5));
    CHECK(pool.run(hold));
    CHECK(journal.waits_for("done", 6));
}

TEST_CASE("a pool starts no more threads than it may", "[backend][unit]") {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::atomic<int> ran = 0;
    {
        WorkerPool pool(3, 1000);
        for (int i = 0; i < 500; ++i) {
            REQUIRE(pool.run([&] {
                std::lock_guard lock(mutex);
                threads.insert(std::this_thread::get_id());
                ++ran;
            }));
        }
    }
    CHECK(ran == 500);  // what was queued runs before the pool ends
    CHECK(threads.size() <= 3);
}

TEST_CASE("a pool drops its hold on work that is done", "[backend][unit]") {
    Journal journal;
    auto thing = std::make_shared<int>(1);
    std::weak_ptr<int> seen = thing;
    WorkerPool pool(1, 2);
    pool.run([thing = std::move(thing)] {});
    pool.run([&] { journal.note(seen.expired() ? "gone" : "still there"); });
    CHECK(journal.waits_for("gone"));
}
