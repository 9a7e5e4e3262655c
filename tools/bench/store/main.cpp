// What a question to a namespace in memory costs, its answer included, with 100,000 keys.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "store/memory_namespace.hpp"

namespace {

using namespace sluice::store;

constexpr std::size_t kKeys = 100'000;
constexpr std::size_t kQuestions = 1'000'000;

const sluice_host_loop& loops_of_this_thread() {
    static const sluice_host_loop kTable = [] {
        sluice_host_loop made{};
        made.struct_size = sizeof made;
        made.is_current = [](const sluice_loop*) noexcept -> std::int32_t { return 1; };
        return made;
    }();
    return kTable;
}

// Of the processor: other programs do not count.
double cpu_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class Ask>
void measure(const char* name, Ask ask) {
    const double begin = cpu_nanoseconds();
    for (std::size_t count = 0; count < kQuestions; ++count) ask(count);
    std::printf("%-24s %7.1f ns\n", name, (cpu_nanoseconds() - begin) / static_cast<double>(kQuestions));
}

// Far from one to the next, as keys of clients are.
std::size_t scattered(std::size_t count) { return count * 7919 % kKeys; }

}  // namespace

int main() {
    std::size_t answers = 0;
    const Asker asker(
        loops_of_this_thread(), nullptr,
        [](void* ctx, const sluice_store_answer*) { ++*static_cast<std::size_t*>(ctx); }, &answers);
    MemoryNamespace space(256u << 20);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < kKeys; ++i) keys.push_back("per-address:203.0.113." + std::to_string(i));
    const std::string value(60, 'v');
    const Quota window{1, 1'000'000'000, 60'000'000, false};
    const Quota first{1, 10, 60'000'000, false};
    for (const std::string& key : keys) {
        space.put(key, value, {}, asker);
        space.take(key, window, asker);
    }
    measure("take, one key", [&](std::size_t) { space.take(keys[0], window, asker); });
    measure("take, 100,000 keys", [&](std::size_t count) { space.take(keys[scattered(count)], window, asker); });
    measure("get, 100,000 keys", [&](std::size_t count) { space.get(keys[scattered(count)], asker); });
    std::string key = "new:";
    measure("take, each key new", [&](std::size_t count) {
        key.resize(4);
        key += std::to_string(count);
        space.take(key, first, asker);
    });
    return answers == 2 * kKeys + 4 * kQuestions ? 0 : 1;
}
