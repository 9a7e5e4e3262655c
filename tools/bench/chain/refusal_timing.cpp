#include "chain/refusal_timing.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "chain/bench_chain.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kCalls = 100'000;
constexpr std::size_t kWarmUp = 20'000;
constexpr double kKept = 0.99;  // of the samples; the rest are interruptions

const std::string kPrefix = "sk-";
const std::string kReal = kPrefix + "configured-key-that-is-real-5b1f77c02e9d";

struct Sample {
    double mean = 0;
    double variance = 0;
    double count = 0;
    double error() const { return std::sqrt(variance / count); }
};

Sample sample_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    values.resize(static_cast<std::size_t>(static_cast<double>(values.size()) * kKept));
    Sample sample;
    sample.count = static_cast<double>(values.size());
    for (const double value : values) sample.mean += value / sample.count;
    for (const double value : values) sample.variance += (value - sample.mean) * (value - sample.mean);
    sample.variance /= sample.count - 1;
    return sample;
}

double nanoseconds_of(BenchExchange& exchange, const middleware::Chain& chain, const Caller& caller) {
    const auto begin = std::chrono::steady_clock::now();
    const sluice_verdict verdict = exchange.pass(chain, caller);
    const auto end = std::chrono::steady_clock::now();
    if (verdict != SLUICE_REFUSE) throw std::runtime_error("a wrong key was accepted");
    return std::chrono::duration<double, std::nano>(end - begin).count();
}

}  // namespace

void time_refusals() {
    BenchHost host;
    const auto chain =
        host.make_chain({{"auth.so", R"({"api_key":")" + kReal + R"(","managed":false,"audit":"off"})"}});
    std::string near = kReal;
    near.back() = 'e';
    // The prefix is no secret, and decides whether logs may show the end of a key.
    const std::string far = kPrefix + std::string(kReal.size() - kPrefix.size(), 'q');
    // Equal but for the bytes of the key: the texts lie at like places.
    const Caller callers[] = {{"10.0.0.1", "Bearer " + near, ""}, {"10.0.0.1", "Bearer " + far, ""}};
    std::vector<double> times[2];
    host.on_loop([&](BenchExchange& exchange) {
        std::mt19937 random(7);
        for (std::size_t call = 0; call < kWarmUp; ++call) nanoseconds_of(exchange, *chain, callers[call % 2]);
        for (std::size_t call = 0; call < kCalls; ++call) {
            const std::size_t first = random() % 2;
            for (const std::size_t which : {first, 1 - first}) {
                times[which].push_back(nanoseconds_of(exchange, *chain, callers[which]));
            }
        }
    });
    const Sample near_sample = sample_of(std::move(times[0]));
    const Sample far_sample = sample_of(std::move(times[1]));
    const double error = std::hypot(near_sample.error(), far_sample.error());
    const double t = (near_sample.mean - far_sample.mean) / error;
    std::printf("a wrong key, %zu calls each in random order, the slowest hundredth left out\n", kCalls);
    std::printf("all but the last byte right: %8.2f ns ± %.2f\n", near_sample.mean, near_sample.error());
    std::printf("no byte but its \"sk-\" right:  %8.2f ns ± %.2f\n", far_sample.mean, far_sample.error());
    std::printf("difference: %+.2f ns ± %.2f, Welch's t = %.2f, p = %.3f\n", near_sample.mean - far_sample.mean, error,
                t, std::erfc(std::abs(t) / std::sqrt(2.0)));
}

}  // namespace sluice::bench
