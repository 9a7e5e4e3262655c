// SLUICE_PLUGIN: makes a plugin of an author's classes.
#pragma once

#include "sluice/cpp/backend.hpp"
#include "sluice/cpp/chat.hpp"
#include "sluice/cpp/command.hpp"
#include "sluice/cpp/middleware.hpp"
#include "sluice/cpp/quiesce.hpp"
#include "sluice/plugin.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace sluice {
inline namespace v1 {

template <class Class, class = void>
struct IsMiddleware : std::false_type {};
template <class Class>
struct IsMiddleware<Class, std::void_t<typename Class::Base>> : std::is_base_of<typename Class::Base, Class> {};

template <class Class>
constexpr bool is_backend() noexcept {
    return std::is_base_of_v<Backend, Class> || std::is_base_of_v<CompletionBackend, Class>;
}

template <class Class>
constexpr std::uint32_t kind_of() noexcept {
    static_assert(is_backend<Class>() || IsMiddleware<Class>::value,
                  "SLUICE_PLUGIN expects classes derived from sluice::CompletionBackend, sluice::Backend, "
                  "sluice::Middleware or sluice::MiddlewareWith<State>");
    return is_backend<Class>() ? SLUICE_KIND_BACKEND : SLUICE_KIND_MIDDLEWARE;
}

template <class Class, class = void>
struct ManifestFlags : std::integral_constant<std::uint32_t, 0> {};
template <class Class>
struct ManifestFlags<Class, std::void_t<decltype(Class::kManifestFlags)>>
    : std::integral_constant<std::uint32_t, static_cast<std::uint32_t>(Class::kManifestFlags)> {};

template <class Class, class = void>
struct ConfigSchema {
    static constexpr std::string_view text() noexcept { return {}; }
};
template <class Class>
struct ConfigSchema<Class, std::void_t<decltype(Class::kConfigSchema)>> {
    static constexpr std::string_view text() noexcept { return Class::kConfigSchema; }
};

template <class... Classes>
constexpr std::uint32_t kinds_of() noexcept {
    return (0u | ... | kind_of<Classes>());
}

template <class... Classes>
constexpr std::uint32_t manifest_flags_of() noexcept {
    return (0u | ... | ManifestFlags<Classes>::value);
}

// A plugin has one schema: that of its first class that has one.
template <class... Classes>
constexpr std::string_view config_schema_of() noexcept {
    std::string_view schema;
    (static_cast<void>(schema.empty() && !(schema = ConfigSchema<Classes>::text()).empty()), ...);
    return schema;
}

template <class First, class... Others>
constexpr auto paths_of() noexcept {
    if constexpr (is_backend<First>() || sizeof...(Others) == 0) {
        return BackendPaths<First>::list();
    } else {
        return paths_of<Others...>();
    }
}

// The tables of one plugin: at most one backend and one middleware, and the command and quiesce of one of them.
struct PluginTables {
    std::uint32_t kinds = 0;
    sluice_backend_api backend{};
    sluice_middleware_api middleware{};
    sluice_command_api command{};
    sluice_quiesce_api quiesce{};

    const void* find(std::string_view id) const noexcept {
        if (id == SLUICE_BACKEND_ID) {
            return (kinds & SLUICE_KIND_BACKEND) != 0 ? &backend : nullptr;
        }
        if (id == SLUICE_MIDDLEWARE_ID) {
            return (kinds & SLUICE_KIND_MIDDLEWARE) != 0 ? &middleware : nullptr;
        }
        if (id == SLUICE_COMMAND_ID) {
            return command.run != nullptr ? &command : nullptr;
        }
        if (id == SLUICE_QUIESCE_ID) {
            return quiesce.quiesce != nullptr ? &quiesce : nullptr;
        }
        return nullptr;
    }
};

template <class Class>
constexpr void add_table(PluginTables& tables, const sluice_str* paths, std::size_t path_count) noexcept {
    if constexpr (std::is_base_of_v<CompletionBackend, Class>) {
        tables.backend = completion_table<Class>(paths, path_count);
    } else if constexpr (std::is_base_of_v<Backend, Class>) {
        tables.backend = backend_table<Class>(paths, path_count);
    } else {
        static_cast<void>(paths);
        static_cast<void>(path_count);
        tables.middleware = middleware_table<Class>();
    }
    tables.kinds |= kind_of<Class>();
    if constexpr (HasCommand<Class>::value) {
        tables.command = command_table<Class>();
    }
    if constexpr (HasQuiesce<Class>::value) {
        tables.quiesce = quiesce_table<Class>();
    }
}

template <class... Classes>
constexpr PluginTables tables_of(const sluice_str* paths, std::size_t path_count) noexcept {
    constexpr int kBackends = (0 + ... + static_cast<int>(is_backend<Classes>()));
    static_assert(kBackends <= 1 && sizeof...(Classes) - kBackends <= 1,
                  "a plugin has at most one backend class and one middleware class");
    PluginTables tables;
    (add_table<Classes>(tables, paths, path_count), ...);
    return tables;
}

}  // namespace v1
}  // namespace sluice

// SLUICE_PLUGIN("name", "1.2.3", Class) or SLUICE_PLUGIN("name", "1.2.3", BackendClass, MiddlewareClass): once in one
// source file of the plugin, outside every namespace. Makes the manifest, the tables and the exported function. All of
// it is constant data with internal linkage: no code runs when the plugin is loaded, and nothing is shared with another
// version of it.
#define SLUICE_PLUGIN(plugin_name, plugin_version, ...)                                                               \
    SLUICE_DECLARE_MANIFEST(plugin_name, plugin_version, (::sluice::kinds_of<__VA_ARGS__>()),                         \
                            (::sluice::manifest_flags_of<__VA_ARGS__>()))                                             \
    static constexpr auto sluice_paths_ = ::sluice::paths_of<__VA_ARGS__>();                                          \
    static constexpr ::sluice::PluginTables sluice_tables_ =                                                          \
        ::sluice::tables_of<__VA_ARGS__>(sluice_paths_.data(), sluice_paths_.size());                                 \
    static const void* sluice_get_interface_(sluice_str id) noexcept {                                                \
        return sluice_tables_.find(::sluice::to_view(id));                                                            \
    }                                                                                                                 \
    static constexpr sluice_plugin sluice_descriptor_ = {sizeof(sluice_plugin),                                       \
                                                         0,                                                           \
                                                         SLUICE_ABI_MAJOR,                                            \
                                                         SLUICE_ABI_MINOR,                                            \
                                                         SLUICE_STR(plugin_name),                                     \
                                                         SLUICE_STR(plugin_version),                                  \
                                                         ::sluice::to_str(::sluice::config_schema_of<__VA_ARGS__>()), \
                                                         &sluice_get_interface_};                                     \
    extern "C" SLUICE_EXPORT const sluice_plugin* sluice_plugin_query(uint32_t host_major, uint32_t) noexcept {       \
        return host_major == SLUICE_ABI_MAJOR ? &sluice_descriptor_ : nullptr;                                        \
    }
