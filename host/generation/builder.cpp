#include "generation/builder.hpp"

#include <utility>

#include "generation/instance_maker.hpp"

namespace sluice::generation {

namespace {

/// The first of the configuration that offers a command has it.
void note_command(const plugin::PluginInstance& instance, Generation& generation) {
    const sluice_command_api* command = instance.library().command();
    if (command) generation.commands.emplace(std::string(command->name.ptr, command->name.len), &instance);
}

void make_backends(const config::Config& config, const BuildServices& services, InstanceMaker& maker,
                   Generation& generation) {
    for (const config::Backend& backend : config.backends) {
        auto instance = maker.make_backend(backend);
        if (!instance) continue;
        note_command(*instance, generation);
        auto slot = services.metrics.backend_slot(backend.name);
        generation.backends.push_back(std::make_shared<backend::PluginBackend>(
            std::move(instance), slot, services.workers, config.server.limits.client_queue_bytes));
    }
}

middleware::Chain make_chain(const config::Config& config, InstanceMaker& maker, Generation& generation) {
    std::vector<std::unique_ptr<plugin::MiddlewareInstance>> links;
    for (std::size_t index = 0; index < config.middleware.size(); ++index) {
        auto instance = maker.make_middleware(config.middleware[index], index);
        if (!instance) continue;
        note_command(*instance, generation);
        links.push_back(std::move(instance));
    }
    return middleware::Chain(std::move(links));
}

}  // namespace

BuildResult build(const config::Config& config, const config::Environment& environment, const BuildServices& services,
                  std::uint64_t number) {
    InstanceMaker maker(environment, services);
    auto generation = std::make_shared<Generation>();
    generation->number = number;
    generation->config = config;
    make_backends(config, services, maker, *generation);
    generation->chain = make_chain(config, maker, *generation);
    if (!maker.problems().empty()) return {nullptr, std::move(maker.problems())};
    generation->catalog = std::make_shared<routing::ModelCatalog>(generation->backends, services.query_loop);
    generation->router = std::make_unique<routing::Router>(config, generation->backends, generation->catalog);
    generation->health =
        std::make_unique<endpoints::HealthReport>(generation->backends, services.query_loop, services.version);
    return {std::move(generation), {}};
}

}  // namespace sluice::generation
