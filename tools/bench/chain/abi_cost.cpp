#include "chain/abi_cost.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include "chain/bench_chain.hpp"
#include "chain/counting_sink.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kChunks = 10'000'000;
constexpr std::size_t kCalls = 2'000'000;
constexpr std::size_t kRounds = 7;
constexpr std::size_t kLinks = 4;
constexpr const char* kEvent = R"({"choices":[{"index":0,"delta":{"content":"a few words"}}]})";

// Of this thread: other threads and programs do not count.
double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Median over the rounds of what `work(count)` takes for one of `count`; the first round warms up.
template <class Work>
double nanoseconds_per_one(std::size_t count, Work work) {
    std::vector<double> rounds;
    for (std::size_t round = 0; round <= kRounds; ++round) {
        const double begin = cpu_ns();
        work(count);
        if (round > 0) rounds.push_back((cpu_ns() - begin) / static_cast<double>(count));
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[rounds.size() / 2];
}

double per_chunk(BenchHost& host, const std::string& file, std::size_t links) {
    const auto chain = host.make_chain(std::vector<LinkPlan>(links, LinkPlan{file, "{}"}));
    double taken = 0;
    host.on_loop([&](BenchExchange& exchange) {
        exchange.enter(*chain, Caller{});
        taken = nanoseconds_per_one(kChunks, [&](std::size_t count) {
            std::size_t passed = 0;
            for (std::size_t chunk = 0; chunk < count; ++chunk) passed += exchange.pass_chunk(kEvent);
            if (passed == 0) throw std::runtime_error("no chunk has passed");
        });
        exchange.complete();
    });
    return taken;
}

double per_call(BenchHost& host) {
    const auto backend = host.make_backend("three_chunks.so");
    double taken = 0;
    host.on_loop([&](BenchExchange&) {
        CountingSink sink;
        sluice_request request{};
        request.struct_size = sizeof request;
        taken = nanoseconds_per_one(kCalls, [&](std::size_t count) {
            for (std::size_t call = 0; call < count; ++call) backend->start(request, sink);
        });
        if (sink.events != 3 * sink.ends || sink.ends != kCalls * (kRounds + 1)) {
            throw std::runtime_error("calls have not ended");
        }
    });
    return taken;
}

void print_row(const char* what, double nanoseconds, double bar) {
    std::printf("| %-58s | %8.1f | %5.0f | %s |\n", what, nanoseconds, bar, nanoseconds <= bar ? "met" : "**missed**");
}

}  // namespace

void measure_abi_cost() {
    BenchHost host;
    const double empty = per_chunk(host, "passing.so", 0);
    const double passing = (per_chunk(host, "passing.so", kLinks) - empty) / kLinks;
    const double quiet = (per_chunk(host, "quiet.so", kLinks) - empty) / kLinks;
    std::printf("CPU time, median of %zu rounds; the watchdog runs. Plugins are loaded files of the C++ wrapper.\n\n",
                kRounds);
    std::printf("| %-58s | %8s | %5s | |\n| --- | ---: | ---: | --- |\n", "what", "ns", "bar");
    print_row("one chunk through one middleware that looks at chunks", passing, 10);
    // Half a nanosecond is what two runs of the same loop differ by.
    print_row("one chunk past one middleware that does not", std::max(quiet, 0.0), 0.5);
    print_row("one chunk through four middlewares", passing * kLinks, 40);
    print_row("a whole call: start, begin, three events, finish", per_call(host), 200);
    std::printf(
        "\nPublished by others, on their machines: 7,000 to 133,000 ns for a chunk through an external processor, "
        "25,000 ns for a request through four plugins.\n");
}

}  // namespace sluice::bench
