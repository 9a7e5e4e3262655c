#include "plugin/reaper.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using sluice::plugin::Reaper;

namespace {

struct Graves {
    std::mutex mutex;
    std::vector<std::string> names;
    std::vector<std::thread::id> threads;
    void add(const std::string& name) {
        const std::lock_guard lock(mutex);
        names.push_back(name);
        threads.push_back(std::this_thread::get_id());
    }
};

struct Mortal {
    Graves& graves;
    std::string name;
    std::shared_ptr<const Mortal> held = nullptr;
    ~Mortal() { graves.add(name); }
};

std::unique_ptr<const Mortal> mortal(Graves& graves, const std::string& name,
                                     std::shared_ptr<const Mortal> held = nullptr) {
    return std::unique_ptr<const Mortal>(new Mortal{graves, name, std::move(held)});
}

}  // namespace

TEST_CASE("what is dropped is destroyed on the reaper's thread, in the order of dropping", "[plugin][unit]") {
    Graves graves;
    Reaper reaper;
    auto first = reaper.own(mortal(graves, "first"));
    auto second = reaper.own(mortal(graves, "second"));
    auto copy = first;
    first.reset();
    second.reset();
    copy.reset();
    reaper.settle();
    CHECK(graves.names == std::vector<std::string>{"second", "first"});
    CHECK(graves.threads[0] == graves.threads[1]);
    CHECK(graves.threads[0] != std::this_thread::get_id());
}

TEST_CASE("what an object lets go of as it is destroyed is destroyed after it", "[plugin][unit]") {
    Graves graves;
    Reaper reaper;
    auto outer = reaper.own(mortal(graves, "outer", reaper.own(mortal(graves, "inner"))));
    outer.reset();
    reaper.settle();
    CHECK(graves.names == std::vector<std::string>{"outer", "inner"});
    CHECK(graves.threads[0] == graves.threads[1]);
}

TEST_CASE("a reaper that ends destroys what it has, and later handles destroy where they are dropped",
          "[plugin][unit]") {
    Graves graves;
    auto reaper = std::make_unique<Reaper>();
    auto early = reaper->own(mortal(graves, "early"));
    auto late = reaper->own(mortal(graves, "late"));
    early.reset();
    reaper.reset();
    CHECK(graves.names == std::vector<std::string>{"early"});
    late.reset();
    REQUIRE(graves.names.size() == 2);
    CHECK(graves.threads[1] == std::this_thread::get_id());
}

TEST_CASE("many threads may drop handles at once", "[plugin][unit]") {
    Graves graves;
    Reaper reaper;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int round = 0; round < 250; ++round) reaper.own(mortal(graves, "x"));
        });
    }
    for (std::thread& each : threads) each.join();
    reaper.settle();
    CHECK(graves.names.size() == 1000);
}
