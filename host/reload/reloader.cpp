#include "reload/reloader.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <array>
#include <future>
#include <optional>
#include <utility>

#include "config/difference.hpp"
#include "config/loader.hpp"
#include "generation/changed_references.hpp"
#include "observability/log.hpp"
#include "reload/health_check.hpp"
#include "reload/plugin_trial.hpp"

namespace sluice::reload {

namespace {

using observability::LogLevel;
using observability::MetricLabel;

constexpr std::size_t kShownDigits = 12;

std::string version_text(const plugin::Manifest& manifest, const std::string& sha256) {
    return fmt::format("{} {} ({})", manifest.name, manifest.version, sha256.substr(0, kShownDigits));
}

std::string joined(const config::Problems& problems) {
    std::string text;
    for (const config::Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.text();
    return text;
}

}  // namespace

struct Reloader::Attempt {
    std::shared_ptr<const generation::Generation> running;
    config::LoadResult loaded;
    std::optional<generation::BuildServices> services;
    generation::PluginPlan files;
    generation::BuildResult built;
    Outcome outcome;

    const config::Config& config() const { return *loaded.config; }
    /// False, for the callers to return.
    bool refuse(std::string_view step, config::Problems problems) {
        outcome.kind = Outcome::Kind::kRefused;
        outcome.step = step;
        outcome.problems = std::move(problems);
        return false;
    }
};

Reloader::Turn::Turn(Reloader& reloader) : reloader_(reloader) {
    std::unique_lock lock(reloader_.mutex_);
    reloader_.turn_ended_.wait(lock, [this] { return !reloader_.is_reloading_; });
    reloader_.is_reloading_ = true;
}

Reloader::Turn::~Turn() {
    const std::lock_guard lock(reloader_.mutex_);
    reloader_.is_reloading_ = false;
    reloader_.turn_ended_.notify_all();
}

Reloader::Reloader(ReloadParts parts)
    : parts_(std::move(parts)), metrics_(parts_.metrics, "sluice"), stop_descriptor_(eventfd(0, EFD_CLOEXEC)) {
    for (std::string_view result : {"done", "unchanged", "refused"}) count(result, 0);
}

Outcome Reloader::reload(std::string_view cause) {
    const Turn turn(*this);
    return run(cause, false);
}

Outcome Reloader::roll_back(const std::string& name) {
    const Turn turn(*this);
    auto earlier = parts_.shelf.go_back(name);
    if (!earlier) {
        Outcome outcome;
        outcome.kind = Outcome::Kind::kRefused;
        outcome.step = "inspect";
        outcome.problems.push_back({"", earlier.error()});
        if (auto running = parts_.generations.get()) outcome.generation = running->number;
        return outcome;
    }
    Outcome outcome = run("rollback", true);
    if (outcome.kind == Outcome::Kind::kRefused) parts_.shelf.stay(name);
    return outcome;
}

Outcome Reloader::rehearse() {
    const Turn turn(*this);
    Attempt attempt;
    attempt.running = parts_.generations.get();
    const bool is_good = read_config(attempt) && look_at_files(attempt);
    if (!is_good || attempt.outcome.changes.empty()) return std::move(attempt.outcome);
    if (probe_files(attempt) && build(attempt) && prove_health(attempt)) {
        attempt.outcome.kind = Outcome::Kind::kDone;
        discard(attempt);
    }
    return std::move(attempt.outcome);
}

Outcome Reloader::preview() {
    const Turn turn(*this);
    Attempt attempt;
    attempt.running = parts_.generations.get();
    if (read_config(attempt) && look_at_files(attempt) && !attempt.outcome.changes.empty()) {
        attempt.outcome.kind = Outcome::Kind::kDone;
        probe_files(attempt);
    }
    return std::move(attempt.outcome);
}

Outcome Reloader::run(std::string_view cause, bool is_roll_back) {
    Attempt attempt;
    attempt.running = parts_.generations.get();
    const bool is_good = read_config(attempt) && look_at_files(attempt);
    if (is_good && !attempt.outcome.changes.empty()) {
        if (probe_files(attempt) && build(attempt) && prove_health(attempt)) swap(attempt, is_roll_back);
    }
    record(attempt.outcome, cause);
    // In this order the last hold on what was replaced is never dropped here but by the reaper.
    attempt.files.files.clear();
    attempt.running.reset();
    return std::move(attempt.outcome);
}

bool Reloader::read_config(Attempt& attempt) const {
    if (is_stopped_ || !attempt.running) return attempt.refuse("config", {{"", "the gateway is stopping"}});
    attempt.outcome.generation = attempt.running->number;
    attempt.loaded = config::load_file(parts_.config_file, parts_.environment);
    if (!attempt.loaded.config) return attempt.refuse("config", std::move(attempt.loaded.problems));
    config::Problems fixed = config::restart_needed(attempt.running->config, attempt.config());
    if (!fixed.empty()) return attempt.refuse("config", std::move(fixed));
    attempt.outcome.changes = config::differences(attempt.running->document_json, attempt.loaded.document_json);
    for (const std::string& path :
         generation::changed_references(attempt.config(), *attempt.running, parts_.environment)) {
        attempt.outcome.changes.push_back(path + ": what it refers to has changed");
    }
    return true;
}

bool Reloader::look_at_files(Attempt& attempt) const {
    attempt.services.emplace(parts_.services(attempt.config()));
    attempt.files = generation::plan_plugins(attempt.config(), *attempt.services, attempt.running.get());
    if (!attempt.files.problems.empty()) return attempt.refuse("inspect", std::move(attempt.files.problems));
    for (const auto& [key, file] : attempt.files.files) {
        if (file.loaded || !file.replaced) continue;
        attempt.outcome.changes.push_back(
            file.config_path + ".plugin: " + version_text(file.replaced->manifest(), file.replaced->sha256()) + " -> " +
            version_text(file.manifest, file.sha256));
        const std::size_t resident = parts_.unloads.resident(file.manifest.name);
        if (resident < attempt.config().reload.max_resident) continue;
        return attempt.refuse(
            "load", {{file.config_path + ".plugin",
                      fmt::format("{} earlier versions of {} are still in memory, which reload.max_resident does not "
                                  "let become more (see the log for plugin_resident): restart the gateway to load it",
                                  resident, file.manifest.name)}});
    }
    return true;
}

bool Reloader::probe_files(Attempt& attempt) const {
    for (const auto& [key, file] : attempt.files.files) {
        if (file.loaded) continue;
        config::Problems problems = try_file(file, attempt.config(), *attempt.services, stop_descriptor_.get());
        if (!problems.empty()) return attempt.refuse("probe", std::move(problems));
    }
    return true;
}

bool Reloader::build(Attempt& attempt) const {
    generation::BuildPlan plan{attempt.config(), attempt.loaded.document_json, attempt.running->number + 1,
                               attempt.running.get()};
    attempt.built = generation::build(plan, attempt.files, parts_.environment, *attempt.services);
    if (attempt.built.generation) return true;
    return attempt.refuse(generation::name_of(attempt.built.failed_at), std::move(attempt.built.problems));
}

bool Reloader::prove_health(Attempt& attempt) const {
    const std::chrono::milliseconds patience = attempt.config().reload.health_timeout;
    const generation::Generation& next = *attempt.built.generation;
    config::Problems problems = check_health(next, *attempt.running, attempt.services->query_loop, patience);
    if (problems.empty()) {
        // The first request may name a model, and a model's route depends on who lists it.
        auto listed = std::make_shared<std::promise<void>>();
        auto future = listed->get_future();
        if (next.catalog != attempt.running->catalog) {
            next.catalog->refresh([listed] { listed->set_value(); });
            future.wait_for(patience);
        }
        return true;
    }
    discard(attempt);
    return attempt.refuse("health", std::move(problems));
}

void Reloader::discard(Attempt& attempt) const {
    // What was made lets go of what the running instances are to have again.
    attempt.built.generation.reset();
    attempt.services->reaper->settle();
    attempt.built.quiesced.resume();
}

void Reloader::swap(Attempt& attempt, bool is_roll_back) {
    attempt.outcome.kind = Outcome::Kind::kDone;
    attempt.outcome.previous = std::exchange(attempt.outcome.generation, attempt.built.generation->number);
    for (const auto& [key, file] : attempt.files.files) {
        if (file.loaded || !file.replaced || is_roll_back) continue;
        if (auto kept = parts_.shelf.keep(file.source, *file.replaced); !kept) {
            observability::log(LogLevel::kWarn, "version_not_kept", kept.error(), {{"plugin", file.manifest.name}});
        }
    }
    parts_.generations.replace(attempt.built.generation);
    parts_.take_up(attempt.config());
    parts_.drain.watch(attempt.running, attempt.config().reload.drain);
}

void Reloader::record(const Outcome& outcome, std::string_view cause) {
    switch (outcome.kind) {
        case Outcome::Kind::kDone: {
            count("done", 1);
            std::string changes;
            for (const std::string& change : outcome.changes) changes += (changes.empty() ? "" : "\n") + change;
            observability::log(LogLevel::kInfo, "reload_done", changes,
                               {{"generation", outcome.generation}, {"cause", cause}});
            break;
        }
        case Outcome::Kind::kUnchanged:
            count("unchanged", 1);
            observability::log(LogLevel::kInfo, "reload_unchanged", "nothing has changed",
                               {{"generation", outcome.generation}, {"cause", cause}});
            break;
        case Outcome::Kind::kRefused:
            count("refused", 1);
            observability::log(LogLevel::kError, "reload_refused", joined(outcome.problems),
                               {{"generation", outcome.generation}, {"cause", cause}, {"step", outcome.step}});
            break;
    }
    auto last = std::make_shared<const Last>(Last{outcome, std::string(cause), std::chrono::system_clock::now()});
    const std::lock_guard lock(last_mutex_);
    last_ = std::move(last);
}

void Reloader::count(std::string_view result, int times) {
    const std::array labels{MetricLabel{"result", result}};
    auto counter = metrics_.counter("reloads_total", "Reloads, by how they ended.", labels);
    if (counter) (*counter)->add(times);
}

bool Reloader::stop(std::chrono::milliseconds patience) {
    is_stopped_ = true;
    eventfd_write(stop_descriptor_.get(), 1);
    std::unique_lock lock(mutex_);
    return turn_ended_.wait_for(lock, patience, [this] { return !is_reloading_; });
}

std::shared_ptr<const Reloader::Last> Reloader::last() const {
    const std::lock_guard lock(last_mutex_);
    return last_;
}

}  // namespace sluice::reload
