// What keys and limits cost one request: the shipped plugins as they are loaded, between the host's own parts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "chain/abi_cost.hpp"
#include "chain/bench_chain.hpp"
#include "chain/refusal_timing.hpp"

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr std::size_t kKeys = 100'000;
constexpr std::size_t kCallers = 4096;  // whose entries do not fit into the caches near the core
constexpr std::size_t kRequests = 400'000;
constexpr std::size_t kRounds = 5;

// At the speed of this loop a client has some sixty requests within a second, as many as the shipped limit lets it have
// within its minute.
constexpr const char* kAddressLimit = R"({"limits":[{"per":"address","requests":1000000000,"window_ms":1000}]})";
constexpr const char* kClientLimits = R"({"limits":[{"per":"session","requests":1000000000,"window_ms":1000},)"
                                      R"({"per":"key","concurrent":1000000}]})";

// Of this thread: other threads and programs do not count.
double cpu_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::string configured_key(std::size_t number) {
    std::string digits = std::to_string(number);
    return "sk-configured-" + std::string(8 - digits.size(), '0') + digits + "-3f9a41c07d5e";
}

std::string auth_with_configured_keys() {
    std::string json = R"({"managed":false,"audit":"off","keys":[)";
    for (std::size_t number = 0; number < kKeys; ++number) {
        json += (number == 0 ? R"({"name":"key )" : R"(,{"name":"key )") + std::to_string(number) + R"(","key":")" +
                configured_key(number) + "\"}";
    }
    return json + "]}";
}

constexpr const char* kAuthWithManagedKeys =
    R"({"require":"always","audit":"off","cache_ms":3600000,)"
    R"("max_known_keys":200000,"hash_key":"0123456789abcdef0123456789abcdef"})";

std::string key_in(const std::string& output) {
    const std::string begin = R"("key":")";
    const std::size_t at = output.find(begin);
    if (at == std::string::npos) throw std::runtime_error("no key in " + output);
    return output.substr(at + begin.size(), output.find('"', at + begin.size()) - at - begin.size());
}

std::vector<std::string> make_managed_keys(const plugin::MiddlewareInstance& auth) {
    std::vector<std::string> keys;
    for (std::size_t number = 0; number < kKeys; ++number) {
        const auto outcome = auth.run_command({"create", "--name", "key " + std::to_string(number), "--json"});
        if (outcome.exit_code != 0) throw std::runtime_error(outcome.errors);
        keys.push_back(key_in(outcome.output));
    }
    return keys;
}

// Callers with keys from all over `keys`, each from an address and in a session of its own.
std::vector<Caller> callers_with(const std::vector<std::string>& keys, bool has_sessions,
                                 std::size_t count = kCallers) {
    std::mt19937 random(42);
    std::vector<Caller> callers(count);
    for (std::size_t number = 0; number < callers.size(); ++number) {
        Caller& caller = callers[number];
        caller.address = "10.1." + std::to_string(number / 256) + "." + std::to_string(number % 256);
        if (!keys.empty()) caller.authorization = "Bearer " + keys[random() % keys.size()];
        char session[37];
        std::snprintf(session, sizeof(session), "264bb516-b9f0-45f4-9857-d41425c5%04zx", number);
        if (has_sessions) caller.session = session;
    }
    return callers;
}

// Median over the rounds, in CPU nanoseconds per request.
double measure(BenchHost& host, const middleware::Chain& chain, const std::vector<Caller>& callers) {
    std::vector<double> rounds;
    host.on_loop([&](BenchExchange& exchange) {
        for (std::size_t round = 0; round <= kRounds; ++round) {
            const double begin = cpu_nanoseconds();
            for (std::size_t request = 0; request < kRequests; ++request) {
                if (exchange.pass(chain, callers[request % callers.size()]) == SLUICE_CONTINUE) continue;
                throw std::runtime_error("refused: " + exchange.error_code());
            }
            // The first one warms up.
            if (round > 0) rounds.push_back((cpu_nanoseconds() - begin) / static_cast<double>(kRequests));
        }
    });
    std::sort(rounds.begin(), rounds.end());
    return rounds[rounds.size() / 2];
}

void report(const char* what, double nanoseconds, double empty, double bar) {
    std::printf("%-48s %8.0f ns", what, nanoseconds - empty);
    if (bar > 0) std::printf("   bar %5.0f %s", bar, nanoseconds - empty <= bar ? "met" : "MISSED");
    std::printf("\n");
    std::fflush(stdout);
}

void measure_all() {
    BenchHost host;
    const auto empty_chain = host.make_chain({});
    const double empty = measure(host, *empty_chain, callers_with({}, false));
    std::printf("CPU time per request, without the %.0f ns of the exchange itself; %zu callers, median of %zu rounds\n",
                empty, kCallers, kRounds);
    std::vector<std::string> configured;
    for (std::size_t number = 0; number < kKeys; ++number) configured.push_back(configured_key(number));
    const LinkPlan with_configured{"auth.so", auth_with_configured_keys()};
    const LinkPlan address{"ratelimit.so", kAddressLimit};
    const LinkPlan clients{"ratelimit.so", kClientLimits};
    {
        const auto chain = host.make_chain({with_configured});
        report("auth, 100,000 configured keys", measure(host, *chain, callers_with(configured, false)), empty, 2000);
    }
    {
        const auto maker = host.make({"auth.so", kAuthWithManagedKeys});
        const auto managed = make_managed_keys(*maker);
        const auto chain = host.make_chain({{"auth.so", kAuthWithManagedKeys}});
        report("auth, 100,000 managed keys, known ones", measure(host, *chain, callers_with(managed, false)), empty,
               2000);
    }
    {
        const auto chain = host.make_chain({address});
        report("one limit: requests per address, in memory", measure(host, *chain, callers_with({}, false)), empty,
               1000);
    }
    {
        const auto chain = host.make_chain({clients});
        report("slots per key alone (by address), in memory", measure(host, *chain, callers_with({}, false)), empty, 0);
    }
    const auto chain = host.make_chain({address, with_configured, clients});
    report("the shipped chain, requests without a session", measure(host, *chain, callers_with(configured, false)),
           empty, 5000);
    report("the shipped chain, requests with a session", measure(host, *chain, callers_with(configured, true)), empty,
           5000);
}

}  // namespace

int main(int count, char** arguments) {
    try {
        if (count > 1 && std::strcmp(arguments[1], "timing") == 0) {
            time_refusals();
        } else if (count > 1 && std::strcmp(arguments[1], "abi") == 0) {
            measure_abi_cost();
        } else {
            measure_all();
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_chain: %s\n", error.what());
        return 1;
    }
}
