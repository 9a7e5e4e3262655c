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

void make_backends(const config::Config& config, InstanceMaker& maker, Generation& generation) {
    for (const config::Backend& backend : config.backends) {
        auto made = maker.make_backend(backend, config.server.limits.client_queue_bytes);
        if (!made) continue;
        note_command(made->instance(), generation);
        generation.backends.push_back(std::move(made));
    }
}

middleware::Chain make_chain(const config::Config& config, InstanceMaker& maker, Generation& generation) {
    middleware::Chain::Links links;
    for (std::size_t index = 0; index < config.middleware.size(); ++index) {
        auto made = maker.make_middleware(config.middleware[index], index);
        if (!made) continue;
        note_command(*made, generation);
        links.push_back(std::move(made));
    }
    return middleware::Chain(std::move(links));
}

/// The catalog as it is where the same backends are asked: it knows their models already.
std::shared_ptr<routing::ModelCatalog> catalog_for(const Generation& generation, const BuildPlan& plan,
                                                   const BuildServices& services) {
    if (plan.running && plan.running->backends == generation.backends) return plan.running->catalog;
    const routing::ModelCatalog* predecessor = plan.running ? plan.running->catalog.get() : nullptr;
    return std::make_shared<routing::ModelCatalog>(generation.backends, services.query_loop, predecessor);
}

BuildResult failed(BuildStep step, config::Problems problems) { return {nullptr, std::move(problems), step}; }

}  // namespace

std::string_view name_of(BuildStep step) noexcept {
    switch (step) {
        case BuildStep::kInspect: return "inspect";
        case BuildStep::kLoad: return "load";
        case BuildStep::kCreate: break;
    }
    return "create";
}

BuildResult build(const BuildPlan& plan, const config::Environment& environment, const BuildServices& services) {
    return build(plan, plan_plugins(plan.config, services, plan.running), environment, services);
}

BuildResult build(const BuildPlan& plan, PluginPlan files, const config::Environment& environment,
                  const BuildServices& services) {
    config::Problems unusable = std::move(files.problems);
    // At the start there is nothing to protect: whoever mends a configuration wants to see all that is wrong with it.
    const bool stops_early = plan.running != nullptr;
    if (stops_early && !unusable.empty()) return failed(BuildStep::kInspect, std::move(unusable));
    InstanceMaker maker(std::move(files), environment, services, plan.running);
    maker.problems() = std::move(unusable);
    maker.load(plan.config);
    if (stops_early && !maker.problems().empty()) return failed(BuildStep::kLoad, std::move(maker.problems()));
    auto generation = std::make_unique<Generation>();
    generation->number = plan.number;
    generation->config = plan.config;
    generation->document_json = plan.document_json;
    make_backends(plan.config, maker, *generation);
    generation->chain = make_chain(plan.config, maker, *generation);
    QuiescedInstances quiesced = maker.take_quiesced();
    if (!maker.problems().empty()) {
        // What was made lets go of what the running instances are to have again.
        generation.reset();
        if (services.reaper) services.reaper->settle();
        quiesced.resume();
        return failed(BuildStep::kCreate, std::move(maker.problems()));
    }
    generation->libraries = maker.take_libraries();
    generation->catalog = catalog_for(*generation, plan, services);
    generation->router = std::make_unique<routing::Router>(plan.config, generation->backends, generation->catalog,
                                                           plan.running ? plan.running->router.get() : nullptr);
    generation->router->publish(services.metrics);
    generation->health =
        std::make_unique<endpoints::HealthReport>(generation->backends, services.query_loop, services.version);
    BuildResult result;
    std::unique_ptr<const Generation> made = std::move(generation);
    result.generation =
        services.reaper ? services.reaper->own(std::move(made)) : std::shared_ptr<const Generation>(std::move(made));
    result.quiesced = std::move(quiesced);
    return result;
}

}  // namespace sluice::generation
