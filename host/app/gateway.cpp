#include "app/gateway.hpp"

#include <malloc.h>
#include <sluice/host.h>
#include <stdlib.h>

#include <stdexcept>
#include <string>

#include "app/explain_command.hpp"
#include "app/foundation.hpp"
#include "app/installation.hpp"
#include "app/log_settings.hpp"
#include "app/route_command.hpp"
#include "app/state_lock.hpp"
#include "generation/builder.hpp"
#include "net/admin_server.hpp"
#include "net/cold_routes.hpp"
#include "net/http_server.hpp"
#include "observability/log.hpp"
#include "reload/file_watch.hpp"
#include "reload/generation_drain.hpp"
#include "reload/reload_commands.hpp"
#include "reload/reload_trigger.hpp"
#include "reload/reloader.hpp"

namespace sluice::app {

namespace {

using observability::LogLevel;

std::string joined(const config::Problems& problems) {
    std::string text;
    for (const config::Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.text();
    return text;
}

bool is_loopback(const std::string& host) { return host == "::1" || host == "localhost" || host.starts_with("127."); }

/// Who sets a key expects it to be asked for, and nobody expects strangers to be served.
void warn_if_unguarded(const config::Config& config, const config::Environment& environment) {
    for (const char* name : {"API_KEY", "API_KEYS"}) {
        if (environment.get(name).value_or("").empty()) continue;
        observability::log(LogLevel::kWarn, "key_not_enforced",
                           "a key is set, but no middleware of the configuration asks for it: every client is served",
                           {{"variable", name}});
    }
    if (is_loopback(config.server.host)) return;
    observability::log(LogLevel::kWarn, "no_key", "listening on a non-loopback address with no API key configured",
                       {{"address", config.server.host}});
}

}  // namespace

struct Gateway::Parts {
    explicit Parts(const Start& given)
        : start(given),
          config(*given.loaded.config),
          shutdown(config.server.timeouts.shutdown),
          state(state_dir(config.server.state_dir, given.environment)),
          foundation(config, state.folder()),
          cold_routes(foundation.metrics),
          gauges(foundation.metrics, "sluice") {
        build_first_generation();
        server =
            std::make_unique<net::HttpServer>(config, generations, cold_routes, foundation.metrics, foundation.loops);
        make_reloading();
        if (config.admin.listen != config::AdminListen::kOff) {
            admin = std::make_unique<net::AdminServer>(config.admin, state.folder() / "admin.sock", cold_routes,
                                                       generations, commands);
            admin->start();
        }
        // Known before the first request names one: which model belongs to whom.
        auto catalog = generations.get()->catalog;
        catalog->refresh([] {});
        catalog->wait_for_local_lists(std::chrono::seconds(2));
        malloc_trim(0);  // what reading and building took is not needed to serve
        server->start();
    }

    void build_first_generation();
    void make_reloading();
    reload::Status status() const;
    reload::FileWatch::Watched watched() const;
    void take_up(const config::Config& reloaded);
    void show_draining(std::size_t count) const;

    const Start start;
    const config::Config& config;
    std::chrono::milliseconds shutdown;
    StateLock state;
    Foundation foundation;
    net::ColdRoutes cold_routes;
    mutable observability::MetricSet gauges;
    generation::CurrentGeneration generations;
    std::unique_ptr<net::HttpServer> server;
    std::unique_ptr<reload::GenerationDrain> drain;
    std::unique_ptr<reload::Reloader> reloader;
    std::unique_ptr<reload::ReloadCommands> reload_commands;
    net::GatewayCommands commands;
    std::unique_ptr<net::AdminServer> admin;
    std::unique_ptr<reload::ReloadTrigger> trigger;
    std::unique_ptr<reload::FileWatch> watch;
};

void Gateway::Parts::build_first_generation() {
    generation::BuildPlan plan{config, start.loaded.document_json};
    generation::BuildResult built = generation::build(plan, start.environment, foundation.services(config));
    if (!built.generation) throw std::runtime_error(joined(built.problems));
    generations.replace(std::move(built.generation));
}

void Gateway::Parts::make_reloading() {
    drain =
        std::make_unique<reload::GenerationDrain>([this](std::uint64_t number) { server->cut_generation(number); },
                                                  [this](std::uint64_t number) { server->abandon_generation(number); },
                                                  [this](std::size_t draining) {
                                                      foundation.unloads.look_again();
                                                      show_draining(draining);
                                                  });
    reloader = std::make_unique<reload::Reloader>(reload::ReloadParts{
        start.config_file, start.environment, [this](const config::Config& next) { return foundation.services(next); },
        generations, *drain, *foundation.shelf, foundation.unloads, foundation.metrics,
        [this](const config::Config& next) { take_up(next); }});
    reload_commands = std::make_unique<reload::ReloadCommands>(*reloader, [this] { return status(); });
    using Words = std::vector<std::string>;
    commands["reload"] = [this](const Words& words) { return reload_commands->reload(words); };
    commands["diff"] = [this](const Words& words) { return reload_commands->diff(words); };
    commands["status"] = [this](const Words& words) { return reload_commands->status(words); };
    commands["plugins"] = [this](const Words& words) { return reload_commands->plugins(words); };
    commands["plugin"] = [this](const Words& words) { return reload_commands->plugin(words); };
    commands["route"] = [this](const Words& words) { return explain_route(generations.get().get(), words); };
    commands["explain"] = [this](const Words& words) { return explain(server->explained(), words); };
    trigger = std::make_unique<reload::ReloadTrigger>(*reloader);
    watch =
        std::make_unique<reload::FileWatch>([this] { return watched(); }, [this] { reloader->reload("file watch"); });
    show_draining(0);
}

reload::Status Gateway::Parts::status() const {
    return {SLUICE_VERSION, generations.get(), drain->draining(), foundation.unloads.all_resident(), reloader->last()};
}

reload::FileWatch::Watched Gateway::Parts::watched() const {
    auto serving = generations.get();
    if (!serving || !serving->config.reload.watch) return {};
    reload::FileWatch::Watched watched{{start.config_file}, serving->config.reload.settle};
    for (const auto& [key, library] : serving->libraries) watched.files.push_back(key.first);
    return watched;
}

void Gateway::Parts::take_up(const config::Config& reloaded) {
    observability::set_log_level(log_level_of(reloaded.log.level));
    foundation.limits.set(reloaded.containment);
    server->take_up_generation();
}

void Gateway::Parts::show_draining(std::size_t count) const {
    auto number =
        gauges.gauge("generation", "The generation that serves; each reload that changes something has the next.");
    auto draining = gauges.gauge("generations_draining", "Generations that no longer serve and still have requests.");
    if (auto serving = generations.get(); number && serving) (*number)->set(static_cast<double>(serving->number));
    if (draining) (*draining)->set(static_cast<double>(count));
}

Gateway::Gateway(const Start& start) : parts_(std::make_unique<Parts>(start)) {
    const config::Config& config = parts_->config;
    if (!parts_->generations.get()->chain.is_guarding()) warn_if_unguarded(config, start.environment);
    observability::log(LogLevel::kInfo, "listening", "listening",
                       {{"address", parts_->server->host()},
                        {"port", parts_->server->port()},
                        {"version", SLUICE_VERSION},
                        {"state_dir", parts_->state.folder().string()}});
    if (parts_->admin && config.admin.listen == config::AdminListen::kTcp) {
        observability::log(LogLevel::kInfo, "admin_listening", "admin listener",
                           {{"address", config.admin.host}, {"port", parts_->admin->port()}});
    }
}

void Gateway::request_reload(std::string cause) { parts_->trigger->request(std::move(cause)); }

Gateway::~Gateway() = default;

bool Gateway::stop() {
    if (!parts_->reloader->stop(parts_->shutdown)) {
        observability::log(LogLevel::kError, "drain_incomplete", "a plugin holds up a reload; ending without it");
        return false;
    }
    parts_->watch->stop();
    parts_->trigger->stop();
    observability::log(LogLevel::kInfo, "draining", "stopped accepting, waiting for running answers");
    // First the backends: what takes long to answer should end early rather than be cut off at the end of the drain.
    for (const auto& backend : parts_->generations.get()->backends) backend->shut_down();
    bool is_empty = parts_->server->drain(parts_->shutdown);
    if (parts_->admin && !parts_->admin->stop(parts_->shutdown)) {
        observability::log(LogLevel::kError, "drain_incomplete", "a command goes on; ending without it");
        return false;
    }
    parts_->admin.reset();
    parts_->cold_routes.stop();
    if (!is_empty) {
        observability::log(LogLevel::kError, "drain_incomplete", "a backend held on to its call; ending without it");
        return false;
    }
    // Connections and loops go before the plugins they call; the loops stay up until plugins have taken leave of them.
    parts_->server->forget_generation();
    parts_->drain.reset();
    parts_->generations.replace(nullptr);
    parts_.reset();
    observability::log(LogLevel::kInfo, "stopped", "stopped");
    return true;
}

std::vector<std::string> check_generation(const config::Config& config, const config::Environment& environment) {
    std::filesystem::path scratch = std::filesystem::temp_directory_path() / "sluice-check-XXXXXX";
    std::string name = scratch.string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a temporary folder like " + name);
    std::vector<std::string> problems;
    {
        // What the real store holds is none of the check's business, and is not to be changed by it.
        config::Config checked = config;
        checked.store.sqlite_file.clear();
        for (auto& [space, kind] : checked.store.namespaces) {
            if (kind == config::StoreKind::kRedis) kind = config::StoreKind::kSqlite;
        }
        Foundation foundation(checked, name);
        foundation.instance_services.host_flags |= SLUICE_HOST_PROBE;
        generation::BuildResult built =
            generation::build(generation::BuildPlan{checked}, environment, foundation.services(checked));
        for (const config::Problem& problem : built.problems) problems.push_back(problem.text());
    }
    std::error_code ignored;
    std::filesystem::remove_all(name, ignored);
    return problems;
}

}  // namespace sluice::app
