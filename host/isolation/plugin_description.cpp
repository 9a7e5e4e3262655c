#include "isolation/plugin_description.hpp"

#include "plugin/table_checks.hpp"

namespace sluice::isolation {

PluginDescription describe(const plugin::PluginLibrary& library) {
    PluginDescription description;
    description.config_schema = library.config_schema();
    const auto note = [&](bool is_there, PluginFunction function) {
        if (is_there) description.functions |= function;
    };
    if (const sluice_backend_api* backend = library.backend()) {
        for (std::size_t i = 0; i < backend->path_count; ++i) {
            description.paths.emplace_back(plugin::view_of(backend->paths[i]));
        }
        note(backend->models != nullptr, kHasModels);
        note(backend->health != nullptr, kHasHealth);
        note(backend->shut_down != nullptr, kHasShutDown);
    }
    if (const sluice_middleware_api* middleware = library.middleware()) {
        note(middleware->on_head != nullptr, kHasOnHead);
        note(middleware->on_request != nullptr, kHasOnRequest);
        note(middleware->on_response != nullptr, kHasOnResponse);
        note(middleware->on_chunk != nullptr, kHasOnChunk);
        note(middleware->on_complete != nullptr, kHasOnComplete);
        note(middleware->is_guarding != nullptr, kHasIsGuarding);
    }
    return description;
}

void put_description(PayloadWriter& out, const PluginDescription& description) {
    out.put(std::string_view(description.config_schema)).put(description.functions);
    out.put(static_cast<std::uint32_t>(description.paths.size()));
    for (const std::string& path : description.paths) out.put(std::string_view(path));
}

PluginDescription read_description(PayloadReader& in) {
    PluginDescription description;
    description.config_schema = in.text();
    description.functions = in.get<std::uint32_t>();
    description.paths.resize(in.count(sizeof(std::uint32_t)));
    for (std::string& path : description.paths) path = in.text();
    return description;
}

}  // namespace sluice::isolation
