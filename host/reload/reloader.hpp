#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "generation/builder.hpp"
#include "generation/generation.hpp"
#include "observability/metric_set.hpp"
#include "plugin/file_descriptor.hpp"
#include "plugin/version_shelf.hpp"
#include "reload/generation_drain.hpp"
#include "reload/outcome.hpp"
#include "reload/unload_records.hpp"

namespace sluice::reload {

/// What a reload works with; all of it outlives the reloader.
struct ReloadParts {
    std::filesystem::path config_file;
    const config::Environment& environment;
    std::function<generation::BuildServices(const config::Config&)> services;
    generation::CurrentGeneration& generations;
    GenerationDrain& drain;
    plugin::VersionShelf& shelf;
    UnloadRecords& unloads;
    observability::Metrics& metrics;
    /// Puts what was swapped in to work where it is not read anew for each request: idle loops, the log.
    std::function<void(const config::Config&)> take_up;
};

/// Replaces the current generation by what the files say now: all of it or nothing. The order is
///
///     config - inspect - probe - load - create - health - swap
///
/// and whatever fails before the swap leaves the running generation as it is. One reload at a time; another one waits.
/// Not on a loop's thread.
class Reloader {
public:
    explicit Reloader(ReloadParts parts);

    /// `cause` is for the log: who asked.
    Outcome reload(std::string_view cause);
    /// Does all of a reload but the swap: the next generation is made, asked for its health, and dropped.
    Outcome rehearse();
    /// What reload() would do, up to the probe: `changes`, or why it would be refused. Changes nothing.
    Outcome preview();
    /// Goes back to the version of the plugin `name` that served before the one that does.
    Outcome roll_back(const std::string& name);

    /// Ends the trial of a plugin that is under way, and refuses later reloads: the gateway ends. False where a reload
    /// still has not ended after `patience`: a plugin holds it up, and nothing that it uses may go.
    bool stop(std::chrono::milliseconds patience);

    struct Last {
        Outcome outcome;
        std::string cause;
        std::chrono::system_clock::time_point at;
    };
    /// The last reload; null where there was none.
    std::shared_ptr<const Last> last() const;

private:
    /// One reload on its way.
    struct Attempt;

    Outcome run(std::string_view cause, bool is_roll_back);
    bool read_config(Attempt& attempt) const;
    bool look_at_files(Attempt& attempt) const;
    bool probe_files(Attempt& attempt) const;
    bool build(Attempt& attempt) const;
    bool prove_health(Attempt& attempt) const;
    void discard(Attempt& attempt) const;
    void swap(Attempt& attempt, bool is_roll_back);
    void record(const Outcome& outcome, std::string_view cause);
    void count(std::string_view result, int times);

    /// The right to reload, which one thread has at a time.
    class Turn {
    public:
        explicit Turn(Reloader& reloader);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        Reloader& reloader_;
    };

    ReloadParts parts_;
    observability::MetricSet metrics_;
    plugin::FileDescriptor stop_descriptor_;  ///< readable once stop() was called
    std::mutex mutex_;
    std::condition_variable turn_ended_;
    bool is_reloading_ = false;  // under mutex_
    std::atomic<bool> is_stopped_{false};
    mutable std::mutex last_mutex_;
    std::shared_ptr<const Last> last_;
};

}  // namespace sluice::reload
