#include "plugin/overrun_watch.hpp"

#include "observability/log.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

namespace sluice::plugin {
namespace {

using observability::LogValue;
using observability::Misbehaviour;
using observability::PluginFunction;

std::uint64_t milliseconds(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

/// The plugin a function belongs to; its private copy is "<name>.<more>".
std::string plugin_of(const void* function) {
    Dl_info info{};
    if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return "unknown";
    std::string name = std::filesystem::path(info.dli_fname).filename();
    return name.substr(0, name.find('.'));
}

void log_overrun(const Watched& thread, const SeenFrame& seen, bool is_running) {
    const std::string plugin =
        seen.conduct ? seen.conduct->plugin() : plugin_of(thread.slot.stray.load(std::memory_order_relaxed));
    const bool is_loop = thread.kind == ThreadKind::kLoop;
    const std::string_view message = is_loop
                                         ? (is_running ? "a plugin holds an event loop" : "a plugin held an event loop")
                                         : (is_running ? "a plugin goes on with a call that has ended"
                                                       : "a plugin went on with a call that had ended");
    observability::log(observability::LogLevel::kWarn, "plugin_overrun", message,
                       {{"plugin", plugin},
                        {"instance", seen.conduct ? std::string_view(seen.conduct->instance()) : std::string_view()},
                        {"function", observability::plugin_function_name(EntrySlot::function_of(seen.frame))},
                        {"loop", is_loop ? LogValue(thread.number) : LogValue("worker")},
                        {"ms", milliseconds(seen.held)},
                        {"state", is_running ? "running" : "ended"}});
}

}  // namespace

void OverrunWatch::begin_round(std::chrono::nanoseconds passed, std::chrono::nanoseconds gap) noexcept {
    passed_ = std::min(passed, gap);
}

void OverrunWatch::look_at(Watched& thread) const {
    bool is_innermost = true;
    for (std::size_t depth = EntrySlot::kDepth; depth-- > 0;) {
        SeenFrame& seen = thread.seen[depth];
        const std::uint64_t frame = thread.slot.frames[depth].load(std::memory_order_relaxed);
        const bool is_same = frame == seen.frame;
        if (!is_same) {
            if (seen.is_reported) log_overrun(thread, seen, false);
            seen = SeenFrame{};
            seen.frame = frame;
        }
        if (frame == 0 || !std::exchange(is_innermost, false)) continue;
        count_time(frame);
        if (is_same) seen.held += passed_;
        if (!seen.is_reported && is_over(thread, seen)) report(thread, seen);
    }
}

bool OverrunWatch::is_over(const Watched& thread, SeenFrame& seen) const noexcept {
    if (thread.kind == ThreadKind::kLoop) return limits_.hook().count() > 0 && seen.held >= limits_.hook();
    if (thread.slot.hurried.load(std::memory_order_relaxed) != seen.frame) return false;
    if (!std::exchange(seen.is_hurried, true)) seen.held = {};
    return seen.held >= limits_.cancel();
}

void OverrunWatch::report(const Watched& thread, SeenFrame& seen) const {
    seen.is_reported = true;
    seen.conduct = Conduct::find(EntrySlot::id_of(seen.frame));
    log_overrun(thread, seen, true);
    if (!seen.conduct) return;
    seen.conduct->counts().overran(EntrySlot::function_of(seen.frame));
    const bool is_loop = thread.kind == ThreadKind::kLoop;
    seen.conduct->misbehaved(is_loop ? Misbehaviour::kOverrun : Misbehaviour::kCancelIgnored);
}

void OverrunWatch::count_time(std::uint64_t frame) const {
    const auto conduct = Conduct::find(EntrySlot::id_of(frame));
    if (conduct) conduct->counts().spent(EntrySlot::function_of(frame), passed_);
}

}  // namespace sluice::plugin
