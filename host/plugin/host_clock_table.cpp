#include "plugin/host_tables.hpp"

#include <chrono>

namespace sluice::plugin {
namespace {

std::uint64_t monotonic_ns(const sluice_host*) noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::uint64_t unix_ms(const sluice_host*) noexcept {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

constexpr sluice_host_clock kTable{sizeof(sluice_host_clock), 0, &monotonic_ns, &unix_ms};

}  // namespace

const sluice_host_clock& host_clock_table() noexcept { return kTable; }

}  // namespace sluice::plugin
