#include "endpoints/health.hpp"

#include <algorithm>
#include <condition_variable>

#include "http/error_table.hpp"

namespace sluice::endpoints {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kFreshFor{100};
constexpr std::chrono::milliseconds kFirstPatience{1000};
constexpr std::chrono::milliseconds kPatience{50};

struct Known {
    /// Until then an answer to the question that is under way is waited for.
    Clock::time_point patient_until() const {
        if (!is_asked) return Clock::time_point::min();
        return is_known ? asked_at + kPatience : asked_at + kFirstPatience;
    }

    backend::Health health;
    Clock::time_point asked_at{};
    bool is_known = false;
    bool is_asked = false;  // and has not answered yet
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
            known.asked_at = Clock::now();
        }
        backend::ask_for_health(*state_->backends[i], loop_, [state = state_, i](backend::Health health) {
            std::lock_guard lock(state->mutex);
            Known& known = state->known[i];
            known.health = std::move(health);
            known.is_known = true;
            known.is_asked = false;
            state->has_changed.notify_all();
        });
    }
}

http::Answer HealthReport::answer() {
    ask_stale_backends();
    std::unique_lock lock(state_->mutex);
    // One that does not answer must not slow every later report: each question has its time once.
    auto patient_until = Clock::time_point::min();
    for (const Known& each : state_->known) patient_until = std::max(patient_until, each.patient_until());
    auto is_answered = [](const Known& each) { return !each.is_asked; };
    state_->has_changed.wait_until(
        lock, patient_until, [&] { return std::all_of(state_->known.begin(), state_->known.end(), is_answered); });
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
