#include "endpoints/health.hpp"

#include <algorithm>
#include <condition_variable>

#include "http/error_table.hpp"

namespace sluice::endpoints {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kFreshFor{5};
constexpr std::chrono::seconds kPatience{1};

struct Known {
    backend::Health health;
    Clock::time_point asked_at{};
    bool is_known = false;
    bool is_asked = false;
    Clock::time_point first_asked_at = Clock::time_point::max();
};

/// "openai-passthrough" is written "openai_passthrough" among the checks.
std::string check_name(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

std::string_view overall_status(std::size_t real, std::size_t working, std::size_t fully_ok) {
    if (working == 0) return "unavailable";
    return fully_ok == real ? "ready" : "degraded";
}

}  // namespace

/// Shared with the questions that are under way, which may outlive the report.
struct HealthReport::State {
    explicit State(Backends all) : backends(std::move(all)), known(backends.size()) {}
    const Backends backends;
    std::mutex mutex;
    std::condition_variable has_changed;
    std::vector<Known> known;
};

HealthReport::HealthReport(Backends backends, backend::QueryLoop loop, std::string version)
    : state_(std::make_shared<State>(std::move(backends))), loop_(std::move(loop)), version_(std::move(version)) {}

void HealthReport::ask_stale_backends() {
    for (std::size_t i = 0; i < state_->backends.size(); ++i) {
        {
            std::lock_guard lock(state_->mutex);
            Known& known = state_->known[i];
            if (known.is_asked || (known.is_known && Clock::now() - known.asked_at < kFreshFor)) continue;
            known.is_asked = true;
            known.first_asked_at = std::min(known.first_asked_at, Clock::now());
        }
        backend::ask_for_health(*state_->backends[i], loop_, [state = state_, i](backend::Health health) {
            std::lock_guard lock(state->mutex);
            Known& known = state->known[i];
            known = {std::move(health), Clock::now(), true, false, known.first_asked_at};
            state->has_changed.notify_all();
        });
    }
}

http::Answer HealthReport::answer() {
    ask_stale_backends();
    std::unique_lock lock(state_->mutex);
    // Only the first question is waited for: one that is never answered must not slow every later one.
    auto all_known = [&] {
        auto is_settled = [](const Known& each) {
            return each.is_known || Clock::now() - each.first_asked_at > kPatience;
        };
        return std::all_of(state_->known.begin(), state_->known.end(), is_settled);
    };
    state_->has_changed.wait_for(lock, kPatience, all_known);
    std::size_t real = 0;
    std::size_t working = 0;
    std::size_t fully_ok = 0;
    std::string checks;
    auto add = [&](const std::string& name, std::string_view json) {
        if (!checks.empty()) checks += ',';
        http::append_json_string(checks, name);
        checks += ':';
        checks += json;
    };
    for (std::size_t i = 0; i < state_->backends.size(); ++i) {
        const Known& known = state_->known[i];
        bool is_example = state_->backends[i]->is_example();
        bool works = known.is_known && known.health.state != SLUICE_HEALTH_DOWN;
        real += !is_example;
        working += !is_example && works;
        fully_ok += !is_example && works && known.health.state == SLUICE_HEALTH_OK;
        std::string word;
        http::append_json_string(word, known.is_known ? known.health.word : "error");
        add(check_name(state_->backends[i]->name()), word);
        for (const auto& [name, json] : known.health.checks) add(name, json);
    }
    http::Answer answer;
    answer.status = working > 0 ? 200 : 503;
    answer.body = "{\"status\":\"" + std::string(overall_status(real, working, fully_ok)) + "\",\"version\":\"" +
                  version_ + "\",\"checks\":{" + checks + "}}";
    return answer;
}

}  // namespace sluice::endpoints
