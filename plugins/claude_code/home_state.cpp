#include "home_state.hpp"

#include <algorithm>
#include <utility>

#include "process/offered_models.hpp"
#include "session/session_id.hpp"

namespace sluice::claude_code {
namespace {

// An instance that does not live that long starts nothing.
constexpr std::chrono::milliseconds kFirstLook{100};
constexpr std::chrono::milliseconds kLookAgain{1000};
constexpr int kLooksPerVersion = 60;
// A process that is told to end may still write to the file of its session; it is dead by then.
constexpr std::chrono::milliseconds kFilesStay{10'000};

std::uint64_t seed(const Clock& clock) noexcept {
    return static_cast<std::uint64_t>(clock.unix_time().count()) * 1000003u ^
           static_cast<std::uint64_t>(clock.monotonic().count());
}

}  // namespace

HomeState::HomeState(HomeParts parts)
    : parts_(std::move(parts)),
      log_(parts_.host.log()),
      metrics_(parts_.host.metrics()),
      ids_(seed(parts_.host.clock())),
      pool_(
          parts_.home, parts_.host.clock(), log_, pool_limits(),
          [this](const ProcessOrder& order) { return parts_.spawner.start(order); }, &make_session_id),
      files_(parts_.spawner.command().home_folder(), parts_.spawner.working_directory()),
      sessions_(parts_.home, parts_.host.clock(), log_, parts_.store,
                SessionLimits{parts_.config.session_ttl, parts_.config.session_max_age, parts_.config.session_sweep,
                              !parts_.host.is_probe()},
                [this](const std::string& id) { session_ended(id); }),
      services_{parts_.home,
                parts_.host.clock(),
                log_,
                pool_,
                sessions_,
                parts_.redactor,
                metrics_,
                ids_,
                tool_calls_,
                parts_.config.silence,
                true,
                [this](std::string_view answer_json) { learn_models(answer_json); },
                [this] { publish(); },
                [this](Turn& turn) { turn_over(turn); }},
      version_check_(parts_.spawner.support(), [this](const auto& answer) { take_version(answer); }),
      look_timer_(parts_.home.timer<&HomeState::look>(this)),
      files_timer_(parts_.home.timer<&HomeState::remove_files>(this)) {
    // Looking asks the program for its version, and then starts warm processes.
    if (!parts_.host.is_probe()) look_timer_.set(kFirstLook);
}

// No process is left that could write to them.
HomeState::~HomeState() {
    for (const EndedSession& session : ended_) files_.remove(session.id);
}

PoolLimits HomeState::pool_limits() const {
    const Config& config = parts_.config;
    PoolLimits limits{{},
                      config.max_processes,
                      config.max_process_memory_bytes,
                      config.max_memory_bytes,
                      config.max_turns_per_process,
                      config.process_idle,
                      config.queue_timeout};
    const std::map<std::string, std::size_t> wanted =
        config.warm_processes.value_or(std::map<std::string, std::size_t>{{config.default_model, 1}});
    const auto models = parts_.status.models();
    for (const auto& [name, count] : wanted) {
        if (const auto model = models->find(name)) limits.warm[*model] += count;
    }
    return limits;
}

void HomeState::take(std::shared_ptr<CallBridge> bridge, TurnOrder order) {
    if (is_ending_) return bridge->fail(Error("server_shutting_down", "The gateway is shutting down."));
    auto turn = std::make_shared<Turn>(services_, std::move(bridge), std::move(order));
    Turn* const key = turn.get();
    turns_.emplace(key, std::move(turn));
    key->begin();
    publish();
}

// Called from inside the turn, which is destroyed when all that called it has returned.
void HomeState::turn_over(Turn& turn) {
    const auto found = turns_.find(&turn);
    if (over_.empty()) parts_.home.defer<&HomeState::forget_turns>(this);
    over_.push_back(std::move(found->second));
    turns_.erase(found);
    publish();
}

void HomeState::forget_turns() noexcept { over_.clear(); }

void HomeState::end_turns() {
    is_ending_ = true;
    ending_since_ = parts_.host.clock().monotonic();
    pool_.keep_warm(false);
    std::vector<std::shared_ptr<Turn>> running;
    for (const auto& each : turns_) running.push_back(each.second);
    for (const auto& turn : running) turn->end_for_shutdown();
}

void HomeState::shut_down(std::function<void()> done) {
    const std::chrono::nanoseconds now = parts_.host.clock().monotonic();
    const auto spent = is_ending_ ? std::chrono::duration_cast<std::chrono::milliseconds>(now - ending_since_)
                                  : std::chrono::milliseconds(0);
    is_ending_ = true;
    look_timer_.stop();
    pool_.shut_down(std::max(parts_.config.shutdown - spent, std::chrono::milliseconds(0)), std::move(done));
}

void HomeState::look() noexcept {
    if (is_ending_) return;
    const CliStatus::Facts known = parts_.status.get();
    const auto call = parts_.spawner.version_call();
    const bool is_found = call.has_value();
    const bool has_credentials = parts_.spawner.command().has_credentials();
    parts_.status.change([&](CliStatus::Facts& facts) {
        facts.is_found = is_found;
        facts.has_credentials = has_credentials;
    });
    const bool is_new = is_found && !known.is_found;
    if (is_found && (is_new || --looks_to_version_ <= 0)) {
        looks_to_version_ = kLooksPerVersion;
        version_check_.ask(*call);
    }
    publish();
    look_timer_.set(kLookAgain);
}

void HomeState::take_version(const VersionCheck::Answer& answer) noexcept {
    const CliStatus::Facts known = parts_.status.get();
    version_failures_ = answer.version.empty() ? version_failures_ + 1 : 0;
    // Where all processors are busy it may be slow once. Then it is asked again soon.
    if (version_failures_ == 1) looks_to_version_ = 1;
    const bool is_broken = version_failures_ > 1 || answer.is_certain_failure;
    if (is_broken && !known.is_broken) log_.error("the program of cli_path does not work: " + answer.problem);
    if (version_failures_ == 1 && !is_broken) return;
    if (!is_broken && known.version != answer.version) log_.info("found version " + answer.version + " of the program");
    parts_.status.change([&](CliStatus::Facts& facts) {
        facts.is_broken = is_broken;
        facts.version = answer.version;
    });
    const bool is_wanted = parts_.config.warm_processes.has_value() || known.has_credentials;
    if (!is_ending_) pool_.keep_warm(!is_broken && is_wanted);
}

// Once: the list changes with the version of the program, which seldom changes under a running gateway.
void HomeState::learn_models(std::string_view answer_json) {
    const std::vector<OfferedModel> offered = read_offered_models(answer_json);
    if (offered.empty()) return;
    services_.wants_models = false;
    ModelTable models = *parts_.status.models();
    for (const OfferedModel& model : offered) models.add_reported(model.name, model.resolved);
    parts_.status.set_models(std::move(models));
}

void HomeState::publish() noexcept {
    const PoolFigures figures = pool_.figures();
    metrics_.show(figures);
    parts_.status.change([&](CliStatus::Facts& facts) { facts.figures = figures; });
}

void HomeState::session_ended(const std::string& id) {
    pool_.forget_session(id);
    if (ended_.empty()) files_timer_.set(kFilesStay);
    ended_.push_back(EndedSession{id, parts_.host.clock().monotonic() + kFilesStay});
}

void HomeState::remove_files() noexcept {
    const std::chrono::nanoseconds now = parts_.host.clock().monotonic();
    while (!ended_.empty() && ended_.front().due <= now) {
        files_.remove(ended_.front().id);
        ended_.pop_front();
    }
    if (ended_.empty()) return;
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(ended_.front().due - now);
    files_timer_.set(rest + std::chrono::milliseconds(1));
}

}  // namespace sluice::claude_code
