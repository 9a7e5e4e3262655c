#include "observability/process_collector.hpp"

#include "observability/family_builder.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace sluice::observability {
namespace {

using prometheus::MetricType::Counter;
using prometheus::MetricType::Gauge;

// Fields of /proc/self/stat, counted as in proc(5).
struct ProcessStat {
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t threads = 0;
    std::uint64_t start_ticks = 0;  // since boot
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};

std::optional<ProcessStat> read_stat() {
    std::ifstream file("/proc/self/stat");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    // The second field is the program's name in parentheses and may hold blanks.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream fields(text.substr(name_end + 1));
    std::string state;
    fields >> state;
    ProcessStat stat;
    std::int64_t value = 0;
    for (int field = 4; field <= 24 && fields >> value; ++field) {
        const auto number = static_cast<std::uint64_t>(value);
        switch (field) {
            case 14: stat.user_ticks = number; break;
            case 15: stat.system_ticks = number; break;
            case 20: stat.threads = number; break;
            case 22: stat.start_ticks = number; break;
            case 23: stat.virtual_bytes = number; break;
            case 24: stat.resident_pages = number; break;
            default: break;
        }
    }
    return fields ? std::optional(stat) : std::nullopt;
}

std::optional<double> boot_time_s() {
    std::ifstream file("/proc/stat");
    std::string key;
    while (file >> key) {
        double seconds = 0;
        if (key == "btime" && file >> seconds) {
            return seconds;
        }
        file.ignore(1 << 16, '\n');
    }
    return std::nullopt;
}

std::optional<double> open_descriptors() {
    std::error_code failure;
    std::filesystem::directory_iterator folder("/proc/self/fd", failure);
    if (failure) {
        return std::nullopt;
    }
    // The folder's own descriptor is among them.
    return static_cast<double>(std::distance(begin(folder), end(folder)) - 1);
}

prometheus::MetricFamily single(std::string_view name, std::string_view help, prometheus::MetricType type,
                                double value) {
    FamilyBuilder family(name, help, type);
    family.add({}, value);
    return std::move(family).take();
}

void collect_stat(const ProcessStat& stat, std::vector<prometheus::MetricFamily>& into) {
    const auto ticks_per_s = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
    into.push_back(single("process_cpu_seconds_total", "Processor time used.", Counter,
                          static_cast<double>(stat.user_ticks + stat.system_ticks) / ticks_per_s));
    into.push_back(single("process_resident_memory_bytes", "Resident memory.", Gauge,
                          static_cast<double>(stat.resident_pages) * page_bytes));
    into.push_back(
        single("process_virtual_memory_bytes", "Virtual memory.", Gauge, static_cast<double>(stat.virtual_bytes)));
    into.push_back(single("process_threads", "Threads.", Gauge, static_cast<double>(stat.threads)));
    if (const auto boot = boot_time_s()) {
        into.push_back(single("process_start_time_seconds", "Start of the process since 1970-01-01 UTC.", Gauge,
                              *boot + static_cast<double>(stat.start_ticks) / ticks_per_s));
    }
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessCollector::Collect() const {
    std::vector<prometheus::MetricFamily> families;
    if (const auto stat = read_stat()) {
        collect_stat(*stat, families);
    }
    if (const auto open = open_descriptors()) {
        families.push_back(single("process_open_fds", "Open descriptors.", Gauge, *open));
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        families.push_back(single("process_max_fds", "Highest number of open descriptors allowed.", Gauge,
                                  static_cast<double>(limit.rlim_cur)));
    }
    return families;
}

}  // namespace sluice::observability
