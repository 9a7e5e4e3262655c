#include "reload/generation_drain.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using reload::GenerationDrain;

namespace {

/// What the drain does, as it does it.
struct Witness {
    void cut(std::uint64_t number) {
        const std::lock_guard lock(mutex);
        cuts.push_back(number);
        changed.notify_all();
    }
    void abandon(std::uint64_t number) {
        const std::lock_guard lock(mutex);
        abandoned.push_back(number);
        changed.notify_all();
    }
    void tick(std::size_t count) {
        const std::lock_guard lock(mutex);
        draining = count;
        changed.notify_all();
    }
    template <class Condition>
    bool wait(Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 20s, condition);
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::uint64_t> cuts;
    std::vector<std::uint64_t> abandoned;
    std::size_t draining = 99;
};

std::shared_ptr<const generation::Generation> generation_of(std::uint64_t number) {
    auto made = std::make_shared<generation::Generation>();
    made->number = number;
    return made;
}

}  // namespace

TEST_CASE("a generation that is let go of drains without being cut", "[reload][unit]") {
    Witness witness;
    auto generation = generation_of(3);
    GenerationDrain drain([&](std::uint64_t number) { witness.cut(number); },
                          [&](std::uint64_t number) { witness.abandon(number); },
                          [&](std::size_t count) { witness.tick(count); });
    drain.watch(generation, 1h);
    CHECK(witness.wait([&] { return witness.draining == 1; }));
    REQUIRE(drain.draining().size() == 1);
    CHECK(drain.draining()[0].number == 3);
    CHECK_FALSE(drain.draining()[0].is_cut);
    generation.reset();
    CHECK(witness.wait([&] { return witness.draining == 0; }));
    CHECK(drain.draining().empty());
    CHECK(witness.cuts.empty());
}

TEST_CASE("a generation that is held beyond its time is cut and then left once, and the others are not",
          "[reload][unit]") {
    Witness witness;
    const auto late = generation_of(4);
    const auto patient = generation_of(5);
    GenerationDrain drain([&](std::uint64_t number) { witness.cut(number); },
                          [&](std::uint64_t number) { witness.abandon(number); },
                          [&](std::size_t count) { witness.tick(count); });
    drain.watch(patient, 1h);
    drain.watch(late, 0ms);
    CHECK(witness.wait([&] { return !witness.cuts.empty(); }));
    CHECK(witness.wait([&] { return !witness.abandoned.empty(); }));
    CHECK(witness.abandoned == std::vector<std::uint64_t>{4});
    CHECK(witness.cuts == std::vector<std::uint64_t>{4});
    for (const auto& each : drain.draining()) CHECK(each.is_cut == (each.number == 4));
}
