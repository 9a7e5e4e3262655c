#include "plugin/conduct.hpp"

#include "observability/log.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <new>
#include <string_view>
#include <vector>

namespace sluice::plugin {
namespace {

using observability::LogLevel;
using observability::Misbehaviour;
using Clock = std::chrono::steady_clock;

/// All conducts that live, by id.
struct Living {
    std::mutex mutex;
    std::map<std::uint32_t, std::weak_ptr<Conduct>> by_id;
};

Living& living() {
    static Living all;
    return all;
}

std::uint32_t next_id() noexcept {
    static std::atomic<std::uint32_t> last{0};
    constexpr std::uint32_t kMask = (1u << Conduct::kIdBits) - 1;
    std::uint32_t id = 0;
    while (id == 0) id = ++last & kMask;
    return id;
}

}  // namespace

std::shared_ptr<Conduct> Conduct::make(observability::PluginMetrics& counts, const ContainmentLimits& limits,
                                       std::string code) {
    std::shared_ptr<Conduct> made(new Conduct(counts, limits, std::move(code)));
    const std::lock_guard lock(living().mutex);
    living().by_id[made->id_] = made;
    return made;
}

Conduct::Conduct(observability::PluginMetrics& counts, const ContainmentLimits& limits, std::string code)
    : id_(next_id()),
      counts_(counts),
      limits_(limits),
      code_(std::move(code)),
      admitted_(counts.loop_count()),
      quarantine_(limits) {}

Conduct::~Conduct() {
    if (is_quarantined()) counts_.quarantined(-1);
    const std::lock_guard lock(living().mutex);
    living().by_id.erase(id_);
}

Admission Conduct::try_out() noexcept {
    const std::lock_guard lock(mutex_);
    if (!quarantine_.is_closed()) return Admission::kGranted;
    return quarantine_.begin_trial(Clock::now()) ? Admission::kTrial : Admission::kRefused;
}

void Conduct::end_trial(CallOutcome outcome) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!quarantine_.end_trial(Clock::now(), outcome)) return;
        is_quarantined_.store(false, std::memory_order_relaxed);
    }
    counts_.quarantined(-1);
    observability::log(LogLevel::kInfo, "plugin_released", "the plugin works again",
                       {{"plugin", plugin()}, {"instance", instance()}});
}

std::chrono::milliseconds Conduct::retry_after() const noexcept {
    const std::lock_guard lock(mutex_);
    return quarantine_.until_trial(Clock::now());
}

void Conduct::misbehaved(Misbehaviour reason) noexcept {
    counts_.failed(reason);
    try {
        const std::lock_guard lock(mutex_);
        if (!quarantine_.add_failure(Clock::now(), static_cast<std::uint64_t>(admitted_.total()))) return;
        is_quarantined_.store(true, std::memory_order_relaxed);
    } catch (const std::bad_alloc&) {
        return;  // one failure less is known of
    }
    counts_.quarantined(1);
    log_quarantine(reason);
}

void Conduct::log_quarantine(Misbehaviour reason) const noexcept {
    observability::log(LogLevel::kError, "plugin_quarantined",
                       "the plugin failed too often: its calls are refused until a trial goes well",
                       {{"plugin", plugin()},
                        {"instance", instance()},
                        {"reason", observability::misbehaviour_name(reason)},
                        {"failures", limits_.failures()},
                        {"retry_ms", limits_.retry().count()}});
}

std::shared_ptr<Conduct> Conduct::find(std::uint32_t id) {
    const std::lock_guard lock(living().mutex);
    const auto found = living().by_id.find(id);
    return found == living().by_id.end() ? nullptr : found->second.lock();
}

std::shared_ptr<Conduct> Conduct::owner_of(const void* function) {
    Dl_info info{};
    if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return nullptr;
    const std::string_view code = info.dli_fname;
    std::vector<std::shared_ptr<Conduct>> all;
    {
        // Whoever lets go of the last hold takes this lock, so that none is let go of under it.
        const std::lock_guard lock(living().mutex);
        for (const auto& [id, weak] : living().by_id) all.push_back(weak.lock());
    }
    std::erase_if(all, [&](const auto& each) { return !each || each->code_ != code; });
    return all.size() == 1 ? all.front() : nullptr;
}

}  // namespace sluice::plugin
