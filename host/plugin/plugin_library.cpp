#include "plugin/plugin_library.hpp"

#include "observability/log.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/table_checks.hpp"

// With it Boost.DLL uses std::filesystem and needs no library of its own.
#define BOOST_DLL_USE_STD_FS
#include <fmt/format.h>
#include <boost/dll/shared_library.hpp>

#include <exception>

#include <link.h>

namespace sluice::plugin {
namespace {

using observability::LogLevel;
using QueryFunction = const sluice_plugin*(std::uint32_t, std::uint32_t) noexcept;

// Boost's words around what the dynamic loader said help nobody.
std::string loader_message(std::string_view text) {
    constexpr std::string_view kBegin = "dlerror system message: ";
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) {
        return std::string(text);
    }
    text.remove_prefix(begin + kBegin.size());
    return std::string(text.substr(0, text.rfind("):")));
}

Result<boost::dll::shared_library> load_code(const std::filesystem::path& path) {
    try {
        using boost::dll::load_mode::rtld_local;
        using boost::dll::load_mode::rtld_now;
        // The form with an error code loses the loader's message.
        return boost::dll::shared_library(path, rtld_now | rtld_local);
    } catch (const std::exception& failure) {
        return Unexpected("cannot be loaded: " + loader_message(failure.what()));
    }
}

Result<const sluice_plugin*> query(const boost::dll::shared_library& code) {
    if (!code.has("sluice_plugin_query")) {
        return Unexpected<std::string>("does not export sluice_plugin_query, which is required");
    }
    return code.get<QueryFunction>("sluice_plugin_query")(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR);
}

}  // namespace

struct PluginLibrary::State {
    std::filesystem::path source;
    std::unique_ptr<PrivateCopy> copy;
    boost::dll::shared_library code;  // after `copy`: closed before the file goes
    UnloadObserver on_unload;
    sluice_plugin descriptor{};
    std::optional<sluice_backend_api> backend;
    std::optional<sluice_middleware_api> middleware;
    std::optional<sluice_command_api> command;

    // Each step's error says what is wrong, not with which file.
    Result<void> load(const PluginFile& file, const PrivateCopies& copies);
    Result<void> fetch_tables();
    Result<void> fetch_command();
};

Result<void> PluginLibrary::State::load(const PluginFile& file, const PrivateCopies& copies) {
    auto made = copies.make(file);
    if (!made) {
        return Unexpected(std::move(made).error());
    }
    copy = std::move(made).value();
    auto loaded = load_code(copy->path());
    if (!loaded) {
        return Unexpected(std::move(loaded).error());
    }
    code = std::move(loaded).value();
    const auto found = query(code);
    if (!found) {
        return Unexpected(found.error());
    }
    const auto checked = checked_descriptor(found.value(), copy->manifest());
    if (!checked) {
        return Unexpected(checked.error());
    }
    descriptor = checked.value();
    return fetch_tables();
}

Result<void> PluginLibrary::State::fetch_tables() {
    if (copy->manifest().has_backend()) {
        const auto table = checked_backend(descriptor.get_interface(abi_text(SLUICE_BACKEND_ID)));
        if (!table) {
            return Unexpected(table.error());
        }
        backend = table.value();
    }
    if (copy->manifest().has_middleware()) {
        const auto table = checked_middleware(descriptor.get_interface(abi_text(SLUICE_MIDDLEWARE_ID)));
        if (!table) {
            return Unexpected(table.error());
        }
        middleware = table.value();
    }
    return fetch_command();
}

Result<void> PluginLibrary::State::fetch_command() {
    const void* const offered = descriptor.get_interface(abi_text(SLUICE_COMMAND_ID));
    if (offered == nullptr) {
        return {};
    }
    const auto table = checked_command(offered);
    if (!table) {
        return Unexpected(table.error());
    }
    // run() gets an instance without its kind: with two kinds nobody could say which it is for.
    if (backend && middleware) {
        return Unexpected(fmt::format("offers the command \"{}\" and is a backend and a middleware, expected one kind",
                                      view_of(table->name)));
    }
    command = table.value();
    return {};
}

PluginLibrary::PluginLibrary(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::shared_ptr<const PluginLibrary>> PluginLibrary::load(const std::filesystem::path& file,
                                                                 const PrivateCopies& copies,
                                                                 UnloadObserver on_unload) {
    const auto opened = open_plugin_file(file);
    if (!opened) {
        return Unexpected(opened.error());
    }
    auto state = std::make_unique<State>();
    state->source = file;
    state->on_unload = std::move(on_unload);
    if (const auto outcome = state->load(opened.value(), copies); !outcome) {
        return Unexpected(fmt::format("{}: {}", file.string(), outcome.error()));
    }
    const Manifest& manifest = state->copy->manifest();
    observability::log(LogLevel::kInfo, "plugin_loaded", "",
                       {{"plugin", manifest.name},
                        {"version", manifest.version},
                        {"abi", manifest.abi.text()},
                        {"file", file.string()},
                        {"sha256", state->copy->sha256()}});
    return std::shared_ptr<const PluginLibrary>(new PluginLibrary(std::move(state)));
}

PluginLibrary::~PluginLibrary() {
    PrivateCopy& copy = *state_->copy;
    state_->code.unload();
    const bool is_mapped = is_code_mapped(copy.path());
    const UnloadReport report{copy.manifest().name, copy.manifest().version, copy.sha256(),
                              is_mapped ? UnloadOutcome::kResident : UnloadOutcome::kClosed};
    if (is_mapped) {
        copy.keep();
    }
    observability::log(is_mapped ? LogLevel::kWarn : LogLevel::kInfo, is_mapped ? "plugin_resident" : "plugin_closed",
                       is_mapped ? "the plugin was closed but its code stays in memory: something in it keeps it" : "",
                       {{"plugin", report.name}, {"version", report.version}, {"sha256", report.sha256}});
    if (state_->on_unload) {
        state_->on_unload(report);
    }
}

const Manifest& PluginLibrary::manifest() const noexcept { return state_->copy->manifest(); }

const std::string& PluginLibrary::sha256() const noexcept { return state_->copy->sha256(); }

const std::filesystem::path& PluginLibrary::source() const noexcept { return state_->source; }

const std::filesystem::path& PluginLibrary::loaded_path() const noexcept { return state_->copy->path(); }

std::string_view PluginLibrary::config_schema() const noexcept { return view_of(state_->descriptor.config_schema); }

const sluice_backend_api* PluginLibrary::backend() const noexcept {
    return state_->backend ? &*state_->backend : nullptr;
}

const sluice_middleware_api* PluginLibrary::middleware() const noexcept {
    return state_->middleware ? &*state_->middleware : nullptr;
}

const sluice_command_api* PluginLibrary::command() const noexcept {
    return state_->command ? &*state_->command : nullptr;
}

bool is_code_mapped(const std::filesystem::path& path) {
    struct Search {
        const std::string& path;
        bool is_found;
    } search{path.native(), false};
    // Not the file names of /proc/self/maps: a debugger or a backtrace printer may map the file as data.
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* context) {
            auto& wanted = *static_cast<Search*>(context);
            wanted.is_found = wanted.is_found || (info->dlpi_name != nullptr && wanted.path == info->dlpi_name);
            return 0;
        },
        &search);
    return search.is_found;
}

}  // namespace sluice::plugin
