#include "generation/generation.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace sluice;
using generation::CurrentGeneration;
using generation::Generation;

namespace {

std::shared_ptr<const Generation> numbered(std::uint64_t number) {
    auto generation = std::make_shared<Generation>();
    generation->number = number;
    return generation;
}

}  // namespace

TEST_CASE("a copy is brought up to date when the generation was replaced, and only then", "[generation][unit]") {
    CurrentGeneration current;
    std::shared_ptr<const Generation> copy;
    std::uint64_t version = 0;
    current.update(copy, version);
    CHECK(copy == nullptr);
    current.replace(numbered(1));
    current.update(copy, version);
    REQUIRE(copy);
    CHECK(copy->number == 1);
    CHECK(copy == current.get());
    copy.reset();
    current.update(copy, version);
    CHECK(copy == nullptr);  // nothing new
    current.replace(nullptr);
    current.replace(numbered(2));
    current.update(copy, version);
    CHECK(copy->number == 2);
}

TEST_CASE("a replaced generation lives as long as somebody holds it", "[generation][unit]") {
    CurrentGeneration current;
    current.replace(numbered(1));
    auto held = current.get();
    std::weak_ptr<const Generation> seen = held;
    current.replace(numbered(2));
    CHECK(held->number == 1);
    held.reset();
    CHECK(seen.expired());
}

TEST_CASE("readers on many threads never see an older generation after a newer one", "[generation][unit]") {
    CurrentGeneration current;
    current.replace(numbered(1));
    std::atomic<bool> went_back = false;
    {
        std::vector<std::jthread> readers;
        for (int i = 0; i < 3; ++i) {
            readers.emplace_back([&] {
                std::shared_ptr<const Generation> copy;
                std::uint64_t version = 0, last = 0;
                while (last < 200) {
                    current.update(copy, version);
                    if (copy->number < last) went_back = true;
                    last = copy->number;
                }
            });
        }
        for (std::uint64_t number = 2; number <= 200; ++number) current.replace(numbered(number));
    }
    CHECK_FALSE(went_back);
}
