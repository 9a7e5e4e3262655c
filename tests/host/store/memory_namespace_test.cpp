// What only a namespace in memory does: forgetting what was not used for longest, within its bound.
#include "store/memory_namespace.hpp"

#include <malloc.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <limits>
#include <string>

#include "store_stages.hpp"
#include "test_loop.hpp"

using namespace sluice::store;
using namespace sluice::store::test;
using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_IS_INSTRUMENTED 1
#else
#define SLUICE_IS_INSTRUMENTED 0
#endif

namespace {

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t size = 0;
    std::size_t resident = 0;
    statm >> size >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("hundreds of thousands of clients need no more memory than is configured", "[store][unit]") {
    constexpr std::size_t kBytes = 12 << 20;
    malloc_trim(0);
    const std::size_t before = resident_bytes();
    MemoryNamespace memory(kBytes);
    Asking asking(memory);
    std::size_t most = 0;
    for (int client = 0; client < 300'000; ++client) {
        const std::string key = "address-limit/requests/60000/10." + std::to_string(client);
        asking.take(key, {.amount = 1, .limit = 60, .ttl_us = 60'000'000});
        if (client % 1000 == 0) most = std::max(most, memory.held_bytes());
    }
    CHECK(most <= kBytes);
    CHECK(memory.held_bytes() > kBytes * 9 / 10);
    if (!SLUICE_IS_INSTRUMENTED) CHECK(resident_bytes() - before < kBytes + (4 << 20));
}

TEST_CASE("what is used is not forgotten, what was not used for longest is", "[store][unit]") {
    MemoryNamespace memory(1 << 20);
    Asking asking(memory);
    const Quota quota{.amount = 1, .limit = 100'000, .ttl_us = 60'000'000};
    asking.put("used", "u");
    asking.put("idle", "i");
    std::int64_t taken = 0;
    for (int index = 0; index < 20'000; ++index) {
        asking.put("other" + std::to_string(index), std::string(100, 'x'));
        CHECK(asking.get("used").value == "u");
        taken = asking.take("used", quota).number;
    }
    CHECK(taken == 20'000);
    CHECK(asking.get("idle").outcome == SLUICE_STORE_ABSENT);
    CHECK(memory.held_bytes() <= 1 << 20);
}

TEST_CASE("what has expired is given back without being asked for", "[store][unit]") {
    MemoryStage stage;
    Asking asking(stage.space());
    for (int index = 0; index < 10'000; ++index) {
        asking.put("v" + std::to_string(index), "text", 1s);
        asking.take("q" + std::to_string(index), {.amount = 1, .limit = 1, .ttl_us = 1'000'000});
    }
    const std::size_t full = stage.memory.held_bytes();
    stage.pass(2s);
    for (int index = 0; index < 10'000; ++index) asking.add("n" + std::to_string(index % 1000), 1);
    CHECK(stage.memory.held_bytes() < full / 4);
}

TEST_CASE("a quota that is taken from all the time needs little memory", "[store][unit]") {
    MemoryStage stage;
    Asking asking(stage.space());
    const Quota quota{.amount = 1, .limit = 1'000'000'000, .ttl_us = 60'000'000};
    for (int index = 0; index < 200'000; ++index) {
        stage.now_us += 700;
        asking.take("busy", quota);
    }
    // As many as fit into its time, and no more parts than its resolution has.
    const std::int64_t total = asking.take("busy", quota).number;
    CHECK(total > 60'000'000 / 700);
    CHECK(total < 60'000'000 / 700 + 10);
    CHECK(stage.memory.held_bytes() < 5 * 16384 * 16);
}

TEST_CASE("a value beyond the store's part for it is refused and nothing is changed", "[store][unit]") {
    MemoryNamespace memory(1 << 20);
    Asking asking(memory);
    asking.put("k", "small");
    CHECK(asking.put("k", std::string(256 << 10, 'x')).outcome == SLUICE_STORE_FAILED);
    CHECK(asking.compare_and_set("k", "small", std::string(256 << 10, 'x')).outcome == SLUICE_STORE_FAILED);
    CHECK(asking.get("k").value == "small");
}

TEST_CASE("a cursor that is none is answered as such", "[store][unit]") {
    MemoryNamespace memory(1 << 20);
    Asking asking(memory);
    for (const char* cursor : {"x", "8:", "1:x", "-1:", ":", "1"}) {
        CAPTURE(cursor);
        CHECK(asking.scan("", cursor, 10).outcome == SLUICE_STORE_FAILED);
    }
}

TEST_CASE("memory answers inside the call, on the loop's thread, and may be asked again there", "[store][unit]") {
    MemoryNamespace memory(1 << 20);
    Asking asking(memory);
    asking.put("k", std::string(100, 'k'));
    asking.put("l", std::string(100, 'l'));
    struct Again {
        MemoryNamespace& memory;
        TestLoop& loop;
        Awaited inner;
        std::string outer;
    } again{memory, asking.loop(), {}, {}};
    memory.get("k", asking.loop().asker(
                        [](void* ctx, const sluice_store_answer* told) {
                            Again& self = *static_cast<Again*>(ctx);
                            self.memory.get("l", self.loop.asker(&Awaited::take, &self.inner));
                            self.outer.assign(told->value.ptr, told->value.len);
                        },
                        &again));
    CHECK(again.outer == std::string(100, 'k'));
    CHECK(again.inner.answer.value == std::string(100, 'l'));
}

TEST_CASE("times and amounts at the end of their types do no harm", "[store][unit]") {
    MemoryNamespace memory(1 << 20);
    Asking asking(memory);
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    const Answer whole = asking.take("q", {kMost, kMost, std::numeric_limits<std::uint64_t>::max(), true});
    CHECK(whole.outcome == SLUICE_STORE_OK);
    CHECK(asking.take("q", {1, kMost, 1, true}).outcome == SLUICE_STORE_REFUSED);
    CHECK(asking.take("q", {1, std::numeric_limits<std::int64_t>::min(), 1, false}).outcome == SLUICE_STORE_REFUSED);
    asking.give_back("q", std::numeric_limits<std::int64_t>::min(), whole.ticket);
    CHECK(asking.renew("q", kMost, whole.ticket, std::numeric_limits<std::uint64_t>::max()).number == kMost);
    asking.put("v", "1", std::chrono::milliseconds::max());
    CHECK(asking.get("v").value == "1");
}
