#include "plugin/table_checks.hpp"

#include "plugin/command_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace sluice::plugin {
namespace {

constexpr std::size_t kMaxPaths = 256;
constexpr std::size_t kMaxPathBytes = 1024;

// The size a table must have for its member to be there.
#define SLUICE_SIZE_THROUGH(table, member) (offsetof(table, member) + sizeof(table::member))

// Copies what both sides know of a table. Only `struct_size` is read before it is known how large the table is.
template <class Table>
Result<Table> completed(const void* source, std::string_view what, std::size_t required_bytes) {
    if (source == nullptr) {
        return Unexpected(fmt::format("{} is null", what));
    }
    std::uint32_t size = 0;
    std::memcpy(&size, source, sizeof size);
    if (size < required_bytes) {
        return Unexpected(fmt::format("{} has {} bytes, expected at least {}", what, size, required_bytes));
    }
    Table table{};
    // Never half a pointer.
    const std::size_t whole_members = size / sizeof(void*) * sizeof(void*);
    std::memcpy(&table, source, std::min(whole_members, sizeof table));
    return table;
}

template <class Function>
Result<void> require(Function function, std::string_view what, std::string_view member) {
    if (function == nullptr) {
        return Unexpected(fmt::format("{} has no {}, which is required", what, member));
    }
    return {};
}

Result<void> require_flags(std::uint32_t flags, std::uint32_t known, std::string_view what) {
    if ((flags & ~known) != 0) {
        return Unexpected(fmt::format("{} has flags {:#x}, this host knows {:#x}", what, flags, known));
    }
    return {};
}

Result<void> first_error(std::initializer_list<Result<void>> outcomes) {
    for (const Result<void>& outcome : outcomes) {
        if (!outcome) {
            return outcome;
        }
    }
    return {};
}

Result<void> require_equal(std::string_view what, std::string_view found, std::string_view expected) {
    if (found != expected) {
        return Unexpected(
            fmt::format("the descriptor's {} is \"{}\", its manifest says \"{}\"", what, found, expected));
    }
    return {};
}

Result<void> require_text(sluice_str text, std::string_view what) {
    if (text.ptr == nullptr && text.len > 0) {
        return Unexpected(fmt::format("the descriptor's {} is null but has a length of {}", what, text.len));
    }
    return {};
}

Result<void> check_paths(const sluice_backend_api& api) {
    if (api.paths == nullptr || api.path_count == 0 || api.path_count > kMaxPaths) {
        return Unexpected(fmt::format("table " SLUICE_BACKEND_ID " declares {} paths{}, expected 1 to {}",
                                      api.path_count, api.paths == nullptr ? " at null" : "", kMaxPaths));
    }
    for (std::size_t index = 0; index < api.path_count; ++index) {
        const std::string_view path = view_of(api.paths[index]);
        if (!path.starts_with('/') || path.size() > kMaxPathBytes) {
            return Unexpected(fmt::format("table " SLUICE_BACKEND_ID
                                          " declares path {} as \"{}\", expected it to begin with "
                                          "'/' and have at most {} bytes",
                                          index, path.substr(0, kMaxPathBytes), kMaxPathBytes));
        }
    }
    return {};
}

Result<void> check_command_name(sluice_str name) {
    const std::string_view word = view_of(name);
    if (!is_command_name(word)) {
        return Unexpected(fmt::format("table " SLUICE_COMMAND_ID
                                      " has the name \"{}\", expected 1 to {} small letters, digits and '-', a letter "
                                      "first",
                                      word.substr(0, kMaxCommandNameBytes), kMaxCommandNameBytes));
    }
    if (is_gateway_command(word)) {
        return Unexpected(fmt::format(
            "table " SLUICE_COMMAND_ID " has the name \"{}\", which is a command of the gateway itself", word));
    }
    return {};
}

}  // namespace

Result<sluice_plugin> checked_descriptor(const sluice_plugin* descriptor, const Manifest& manifest) {
    if (descriptor == nullptr) {
        return Unexpected(fmt::format("refuses to work with a host of ABI {}", AbiVersion{}.text()));
    }
    auto plugin =
        completed<sluice_plugin>(descriptor, "the descriptor", SLUICE_SIZE_THROUGH(sluice_plugin, get_interface));
    if (!plugin) {
        return plugin;
    }
    const AbiVersion abi{plugin->abi_major, plugin->abi_minor};
    const Result<void> outcome = first_error({
        require_flags(plugin->flags, 0, "the descriptor"),
        require_equal("ABI", abi.text(), manifest.abi.text()),
        require_equal("name", view_of(plugin->name), manifest.name),
        require_equal("version", view_of(plugin->version), manifest.version),
        require_text(plugin->config_schema, "config_schema"),
        require(plugin->get_interface, "the descriptor", "get_interface"),
    });
    if (!outcome) {
        return Unexpected(outcome.error());
    }
    return plugin;
}

Result<sluice_backend_api> checked_backend(const void* table) {
    constexpr std::string_view kWhat = "table " SLUICE_BACKEND_ID;
    auto api = completed<sluice_backend_api>(table, kWhat, SLUICE_SIZE_THROUGH(sluice_backend_api, start));
    if (!api) {
        return api;
    }
    const Result<void> outcome = first_error({
        require_flags(api->flags, SLUICE_BACKEND_ASYNC, kWhat),
        require(api->create, kWhat, "create"),
        require(api->destroy, kWhat, "destroy"),
        require(api->start, kWhat, "start"),
        check_paths(*api),
    });
    if (!outcome) {
        return Unexpected(outcome.error());
    }
    return api;
}

Result<sluice_middleware_api> checked_middleware(const void* table) {
    constexpr std::string_view kWhat = "table " SLUICE_MIDDLEWARE_ID;
    auto api = completed<sluice_middleware_api>(table, kWhat, SLUICE_SIZE_THROUGH(sluice_middleware_api, destroy));
    if (!api) {
        return api;
    }
    const Result<void> outcome = first_error({
        require_flags(api->flags, 0, kWhat),
        require(api->create, kWhat, "create"),
        require(api->destroy, kWhat, "destroy"),
    });
    if (!outcome) {
        return Unexpected(outcome.error());
    }
    return api;
}

Result<sluice_command_api> checked_command(const void* table) {
    constexpr std::string_view kWhat = "table " SLUICE_COMMAND_ID;
    auto api = completed<sluice_command_api>(table, kWhat, SLUICE_SIZE_THROUGH(sluice_command_api, run));
    if (!api) {
        return api;
    }
    const Result<void> outcome = first_error({
        require_flags(api->flags, 0, kWhat),
        check_command_name(api->name),
        require(api->run, kWhat, "run"),
    });
    if (!outcome) {
        return Unexpected(outcome.error());
    }
    return api;
}

Result<sluice_quiesce_api> checked_quiesce(const void* table) {
    constexpr std::string_view kWhat = "table " SLUICE_QUIESCE_ID;
    auto api = completed<sluice_quiesce_api>(table, kWhat, SLUICE_SIZE_THROUGH(sluice_quiesce_api, resume));
    if (!api) {
        return api;
    }
    const Result<void> outcome = first_error({
        require_flags(api->flags, 0, kWhat),
        require(api->quiesce, kWhat, "quiesce"),
        require(api->resume, kWhat, "resume"),
    });
    if (!outcome) {
        return Unexpected(outcome.error());
    }
    return api;
}

}  // namespace sluice::plugin
