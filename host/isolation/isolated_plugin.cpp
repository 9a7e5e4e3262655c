#include "isolation/isolated_plugin.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "isolation/isolated_instance.hpp"
#include "isolation/plugin_inquiry.hpp"
#include "isolation/relayed_call.hpp"
#include "isolation/relayed_exchange.hpp"
#include "isolation/relayed_question.hpp"
#include "observability/log.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/table_checks.hpp"

namespace sluice::isolation {

namespace {

/// What all instances of one isolated file have in common: the owner of the library's tables.
struct IsolatedPlugin {
    PluginDescription description;
    std::vector<sluice_str> paths;
    ProcessPlan plan;
    observability::Metrics& metrics;
};

IsolatedInstance& instance_of(void* handle) { return *static_cast<IsolatedInstance*>(handle); }

sluice_status create_instance(const sluice_host* host, sluice_str config_json, sluice_text_sink errors, bool is_backend,
                              void** out) {
    const plugin::PluginInstance& instance = plugin::PluginInstance::from(host);
    const auto& file = *static_cast<const IsolatedPlugin*>(instance.library().stand_in_owner());
    ProcessPlan plan = file.plan;
    plan.instance = instance.name();
    plan.config_json = plugin::view_of(config_json);
    plan.is_backend = is_backend;
    plan.folders = instance.folder().parent_path().string();
    auto made = IsolatedInstance::create(host, std::move(plan), file.description, file.metrics);
    if (!made) {
        errors.put(errors.ctx, plugin::abi_text(made.error()));
        return SLUICE_E_INVALID;
    }
    *out = std::move(made).value().release();
    return SLUICE_OK;
}

// sluice.backend/1

sluice_backend* as_backend(void* handle) { return static_cast<sluice_backend*>(handle); }

sluice_status create_backend(const sluice_host* host, sluice_str config_json, sluice_text_sink errors,
                             sluice_backend** out) noexcept {
    void* handle = nullptr;
    const sluice_status status = create_instance(host, config_json, errors, true, &handle);
    *out = as_backend(handle);
    return status;
}

void destroy_backend(sluice_backend* backend) noexcept { delete &instance_of(backend); }

sluice_status start(sluice_backend* backend, sluice_call* call, const sluice_call_api* api,
                    const sluice_request* request) noexcept {
    LoopLink& link = instance_of(backend).link(api->loop(call));
    link.submit(std::make_shared<RelayedCall>(link, call, *api, *request));
    return SLUICE_OK;
}

sluice_status models(sluice_backend* backend, sluice_models* models, const sluice_models_api* api) noexcept {
    LoopLink& link = instance_of(backend).link(api->loop(models));
    link.submit(std::make_shared<RelayedModels>(link, models, *api));
    return SLUICE_OK;
}

sluice_status health(sluice_backend* backend, sluice_health* health, const sluice_health_api* api) noexcept {
    LoopLink& link = instance_of(backend).link(api->loop(health));
    link.submit(std::make_shared<RelayedHealth>(link, health, *api));
    return SLUICE_OK;
}

void shut_down(sluice_backend* backend) noexcept { instance_of(backend).shut_down(); }

sluice_backend_api backend_table(const IsolatedPlugin& file) {
    sluice_backend_api api{};
    api.struct_size = sizeof api;
    api.flags = SLUICE_BACKEND_ASYNC;  // seen from here; in its process it may well be synchronous
    api.paths = file.paths.data();
    api.path_count = file.paths.size();
    api.create = create_backend;
    api.destroy = destroy_backend;
    api.start = start;
    api.models = file.description.has(kHasModels) ? models : nullptr;
    // Whether the process is there is worth a look, too.
    api.health = health;
    api.shut_down = file.description.has(kHasShutDown) ? shut_down : nullptr;
    return api;
}

// sluice.middleware/1

using ExchangeSlot = std::shared_ptr<RelayedExchange>;

RelayedExchange& exchange_of(sluice_middleware* middleware, void** slot, const sluice_exchange* exchange,
                             const sluice_exchange_api& api) {
    if (*slot == nullptr) {
        IsolatedInstance& instance = instance_of(middleware);
        *slot = new ExchangeSlot(
            std::make_shared<RelayedExchange>(instance.link(api.loop(exchange)), instance.description()));
    }
    return **static_cast<ExchangeSlot*>(*slot);
}

sluice_status create_middleware(const sluice_host* host, sluice_str config_json, sluice_text_sink errors,
                                sluice_middleware** out) noexcept {
    void* handle = nullptr;
    const sluice_status status = create_instance(host, config_json, errors, false, &handle);
    *out = static_cast<sluice_middleware*>(handle);
    return status;
}

void destroy_middleware(sluice_middleware* middleware) noexcept { delete &instance_of(middleware); }

sluice_verdict on_head(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                       const sluice_exchange_api* api) noexcept {
    return exchange_of(middleware, slot, exchange, *api).on_head(exchange, *api);
}

sluice_verdict on_request(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                          const sluice_exchange_api* api) noexcept {
    return exchange_of(middleware, slot, exchange, *api).on_request(exchange, *api);
}

void on_response(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                 const sluice_exchange_api* api) noexcept {
    exchange_of(middleware, slot, exchange, *api).on_response(exchange, *api);
}

sluice_chunk_verdict on_chunk(sluice_middleware* middleware, void** slot, sluice_exchange* exchange,
                              const sluice_exchange_api* api, sluice_str name, sluice_str data,
                              sluice_text_sink replacement) noexcept {
    return exchange_of(middleware, slot, exchange, *api).on_chunk(exchange, *api, name, data, replacement);
}

void on_complete(sluice_middleware*, void* slot, const sluice_summary* summary) noexcept {
    const std::unique_ptr<ExchangeSlot> owner(static_cast<ExchangeSlot*>(slot));
    if (owner) (*owner)->on_complete(*summary);
}

std::int32_t is_guarding(sluice_middleware* middleware) noexcept {
    return instance_of(middleware).is_guarding() ? 1 : 0;
}

sluice_middleware_api middleware_table(const PluginDescription& plugin) {
    sluice_middleware_api api{};
    api.struct_size = sizeof api;
    api.create = create_middleware;
    api.destroy = destroy_middleware;
    // Always there: from it the exchange has its loop.
    api.on_head = on_head;
    api.on_request = plugin.has(kHasOnRequest) ? on_request : nullptr;
    api.on_response = plugin.has(kHasOnResponse) ? on_response : nullptr;
    // Where on_response fails, this ends the exchange.
    api.on_chunk = plugin.has(kHasOnChunk) || plugin.has(kHasOnResponse) ? on_chunk : nullptr;
    api.on_complete = on_complete;
    api.is_guarding = plugin.has(kHasIsGuarding) ? is_guarding : nullptr;
    return api;
}

}  // namespace

Result<std::shared_ptr<const plugin::PluginLibrary>> load_isolated(const std::filesystem::path& file,
                                                                   const plugin::PrivateCopies& copies,
                                                                   observability::Metrics& metrics) {
    const auto fail = [&](const std::string& reason) {
        return Unexpected(fmt::format("{}: {}", file.string(), reason));
    };
    const auto opened = plugin::open_plugin_file(file);
    if (!opened) return Unexpected(opened.error());
    auto made = copies.make(*opened);
    if (!made) return fail(made.error());
    std::unique_ptr<plugin::PrivateCopy> copy = std::move(made).value();
    const plugin::Manifest& manifest = copy->manifest();
    const std::string path = copy->path().string();
    auto described = ask_for_description(file.string(), path, copy->sha256());
    if (!described) return fail(described.error());
    auto owner = std::make_shared<IsolatedPlugin>(IsolatedPlugin{
        std::move(described).value(),
        {},
        {manifest.name + " " + manifest.version, {}, file.string(), path, copy->sha256(), {}, {}, true, 0},
        metrics});
    for (const std::string& each : owner->description.paths) owner->paths.push_back(plugin::abi_text(each));
    plugin::StandIn stand_in{owner->description.config_schema, {}, {}, owner};
    if (manifest.has_backend()) {
        const sluice_backend_api table = backend_table(*owner);
        const auto checked = plugin::checked_backend(&table);
        if (!checked) return fail(checked.error());
        stand_in.backend = *checked;
    }
    if (manifest.has_middleware()) stand_in.middleware = middleware_table(owner->description);
    observability::log(observability::LogLevel::kInfo, "plugin_loaded", "",
                       {{"plugin", manifest.name},
                        {"version", manifest.version},
                        {"abi", manifest.abi.text()},
                        {"file", file.string()},
                        {"sha256", copy->sha256()},
                        {"isolation", "process"}});
    return plugin::PluginLibrary::stand_in(file, std::move(copy), std::move(stand_in));
}

}  // namespace sluice::isolation
