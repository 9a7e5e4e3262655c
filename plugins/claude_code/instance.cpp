#include "instance.hpp"

#include <sluice/cpp/error.hpp>

#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <utility>

#include "home_state.hpp"
#include "session/host_session_store.hpp"
#include "session/session_id.hpp"

namespace sluice::claude_code {
namespace {

constexpr std::string_view kSessionHeader = "X-Claude-Session-ID";
constexpr std::string_view kOwnedBy = "anthropic";

std::vector<std::string> secrets_of(const Config& config) {
    std::vector<std::string> secrets = CliCommand(config, environ).credentials();
    secrets.insert(secrets.end(), config.redact.begin(), config.redact.end());
    // One of them the program may be given instead of the other; neither is for clients.
    secrets.push_back(config.anthropic_api_key);
    secrets.push_back(config.oauth_token);
    return secrets;
}

std::string session_id_of(const Request& request) {
    const auto header = request.header(kSessionHeader);
    if (!header) return {};
    if (auto id = parse_session_id(*header)) return *std::move(id);
    throw Error("invalid_session_id", std::string(kSessionHeader) + ": found \"" + std::string(header->substr(0, 80)) +
                                          "\", expected a UUID of version 4 as an earlier answer brought it.")
        .with_param(std::string(kSessionHeader));
}

}  // namespace

Instance::Instance(Host host, Config config)
    : host_(host),
      config_(std::move(config)),
      loops_(host.loops()),
      home_(loops_.at(0)),
      redactor_(secrets_of(config_)) {
    status_.set_models(ModelTable(config_.models));
    const auto models = status_.models();
    if (!models->find(config_.default_model)) {
        throw Error("invalid_request",
                    "default_model: found \"" + config_.default_model + "\", expected one of " + models->valid_names());
    }
    const std::string folder = host.folder();
    const std::string working_folder = folder + "/work";
    if (!host.is_probe()) std::filesystem::create_directories(working_folder);
    spawner_ = std::make_unique<CliSpawner>(home_, config_, environ, working_folder);
    status_.change([&](CliStatus::Facts& facts) {
        facts.is_found = !spawner_->command().find_program().empty();
        facts.has_credentials = spawner_->command().has_credentials();
    });
    store_ = std::make_unique<HostSessionStore>(host.store(config_.store_namespace, true), host.instance(), home_,
                                                host.log());
    HomeParts parts{host_, home_, config_, redactor_, *store_, status_, *spawner_};
    // Timers are made on their loop. Whatever comes to the home loop later finds the state made.
    home_.post([this, parts = std::move(parts)]() mutable noexcept {
        state_ = std::make_unique<HomeState>(std::move(parts));
    });
}

Instance::~Instance() {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_done = false;
    const auto done = [&] {
        const std::lock_guard lock(mutex);
        is_done = true;
        changed.notify_one();
    };
    const bool is_posted = home_.post([&]() noexcept { state_->shut_down(done); }) == SLUICE_OK;
    if (is_posted) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return is_done; });
    }
    loops_.run_on_each([this](Loop loop) noexcept {
        if (loop.raw() != home_.raw()) return;
        state_.reset();
        spawner_->close();
    });
}

TurnOrder Instance::read(const Call& call) const {
    const Request request = call.request();
    const auto models = status_.models();
    const RequestRules rules{*models, config_.features, config_.max_messages, config_.max_message_characters};
    std::string session_id = session_id_of(request);
    TurnOrder order{read_chat_request(request.body(), rules), std::move(session_id),
                    std::string(call.attribute("key.id"))};
    if (const CliStatus::Facts facts = status_.get(); !facts.is_found) {
        throw Error("backend_unavailable", "The claude program is not installed on this gateway.");
    }
    return order;
}

void Instance::start(Call&& call) {
    TurnOrder order = read(call);
    call.release_body();
    if (!order.session_id.empty()) call.set_attribute("session.id", order.session_id);
    const Loop loop = loops_.of(call);
    std::shared_ptr<CallBridge> bridge = CallBridge::open(std::move(call), loop, home_);
    home_.post([this, bridge = std::move(bridge), order = std::move(order)]() mutable noexcept {
        state_->take(std::move(bridge), std::move(order));
    });
}

void Instance::shut_down() noexcept {
    home_.post([this]() noexcept { state_->end_turns(); });
}

void Instance::list_models(ModelList list) const {
    // Only what works is listed.
    if (!status_.get().is_usable()) {
        return list.fail(Error("backend_unavailable", "The claude program is missing or has no credentials."));
    }
    const auto models = status_.models();
    for (const std::string& name : models->listed()) list.add(name, kOwnedBy);
    list.done();
}

void Instance::tell_health(HealthReport report) const {
    const CliStatus::Facts facts = status_.get();
    const bool works = facts.is_found && !facts.is_broken;
    report.add_check("claude_cli", works ? R"("ok")" : R"("error")");
    report.add_check("anthropic_key", facts.has_credentials ? R"("ok")" : R"("missing")");
    report.add_check("capacity", R"({"active":)" + std::to_string(facts.figures.active) + R"(,"max":)" +
                                     std::to_string(config_.max_processes) + R"(,"queued":)" +
                                     std::to_string(facts.figures.queued) + "}");
    if (!works) return report.down("error");
    if (!facts.has_credentials) return report.down("no_key");
    report.ok();
}

}  // namespace sluice::claude_code
