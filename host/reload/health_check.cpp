#include "reload/health_check.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "observability/log.hpp"

namespace sluice::reload {

namespace {

using BackendPtr = std::shared_ptr<const backend::PluginBackend>;

struct Pair {
    BackendPtr next;
    BackendPtr running;  ///< null: the name is new
};

/// Shared with the questions, which may be answered after nobody waits any more.
struct Answers {
    std::mutex mutex;
    std::condition_variable has_changed;
    std::vector<std::optional<backend::Health>> healths;
    std::size_t missing = 0;
};

void ask(const BackendPtr& backend, const backend::QueryLoop& loop, const std::shared_ptr<Answers>& answers,
         std::size_t index) {
    // Holds the backend until it has answered.
    backend::ask_for_health(*backend, loop, [answers, index, backend](backend::Health health) {
        const std::lock_guard lock(answers->mutex);
        answers->healths[index] = std::move(health);
        --answers->missing;
        answers->has_changed.notify_all();
    });
}

bool is_down(const std::optional<backend::Health>& health) { return !health || health->state == SLUICE_HEALTH_DOWN; }

std::vector<Pair> changed_backends(const generation::Generation& next, const generation::Generation& running) {
    std::vector<Pair> pairs;
    for (const BackendPtr& backend : next.backends) {
        auto is_namesake = [&](const BackendPtr& other) { return other->name() == backend->name(); };
        auto found = std::find_if(running.backends.begin(), running.backends.end(), is_namesake);
        BackendPtr before = found == running.backends.end() ? nullptr : *found;
        if (before != backend) pairs.push_back({backend, std::move(before)});
    }
    return pairs;
}

}  // namespace

config::Problems check_health(const generation::Generation& next, const generation::Generation& running,
                              const backend::QueryLoop& loop, std::chrono::milliseconds patience) {
    const std::vector<Pair> pairs = changed_backends(next, running);
    auto answers = std::make_shared<Answers>();
    answers->healths.resize(pairs.size() * 2);
    answers->missing = pairs.size() * 2;
    for (std::size_t index = 0; index < pairs.size(); ++index) {
        ask(pairs[index].next, loop, answers, 2 * index);
        ask(pairs[index].running ? pairs[index].running : pairs[index].next, loop, answers, 2 * index + 1);
    }
    std::unique_lock lock(answers->mutex);
    answers->has_changed.wait_for(lock, patience, [&] { return answers->missing == 0; });
    config::Problems problems;
    for (std::size_t index = 0; index < pairs.size(); ++index) {
        const auto& health = answers->healths[2 * index];
        if (!is_down(health)) continue;
        const std::string& name = pairs[index].next->name();
        std::string found = health ? "found \"" + health->word + "\""
                                   : "found no answer within " + std::to_string(patience.count()) + " ms";
        if (pairs[index].running && !is_down(answers->healths[2 * index + 1])) {
            problems.push_back({"backends." + name, found + ", expected it to work as the one that serves does"});
        } else {
            observability::log(observability::LogLevel::kWarn, "backend_down", found, {{"backend", name}});
        }
    }
    return problems;
}

}  // namespace sluice::reload
