// A program of its own, because it replaces the allocator of the whole program.
#include "captured_log.hpp"
#include "observability/access_log.hpp"
#include "observability/explain_ring.hpp"
#include "observability/log.hpp"
#include "observability/metric_set.hpp"
#include "observability/metrics.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

using namespace sluice::observability;

TEST_CASE("counting, logging and keeping a request allocates nothing", "[observability][unit]") {
    const CapturedLog captured;
    Metrics metrics(1, "0");
    MetricSet set(metrics, "sluice_x", "i");
    Metric* const counter = set.counter("c", "").value();
    ExplainRing ring(50);
    const AttemptRecord attempt{"openai", {}, "ok", 200, {}, {}, {}, true, {}};
    const VerdictRecord verdict{"auth", HookVerdict::kContinue, HookVerdict::kContinue, HookVerdict::kNone, {}};
    RequestRecord record;
    record.request_id = "0b5f6d3e-7f5a-4f0e-9d4b-1f6f3c1f2a3b";
    record.path = "/v1/chat/completions";
    record.model = "gpt-4o-mini";
    record.attempts = {&attempt, 1};
    record.verdicts = {&verdict, 1};
    RequestSample sample;
    sample.backend = metrics.backend_slot("openai");
    const auto finish_request = [&] {
        metrics.loop(0).exchange_started();
        metrics.loop(0).exchange_ended(sample);
        counter->add(1);
        log(LogLevel::kDebug, "not_enabled", "");
        log_access(record);
        ring.keep(record);
    };
    // Buffers grow to their size once, on both sides of the exchange with the writer.
    for (int round = 0; round < 4; ++round) {
        for (int request = 0; request < 100; ++request) {
            finish_request();
        }
        flush_log();
    }
    const std::size_t before = allocations;
    for (int request = 0; request < 100; ++request) {
        finish_request();
    }
    CHECK(allocations == before);
}
