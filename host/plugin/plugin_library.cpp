#include "plugin/plugin_library.hpp"

#include "observability/log.hpp"
#include "plugin/byte_source.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/sha256.hpp"
#include "plugin/table_checks.hpp"
#include "plugin/unload_hindrance.hpp"

// With it Boost.DLL uses std::filesystem and needs no library of its own.
#define BOOST_DLL_USE_STD_FS
#include <fmt/format.h>
#include <boost/dll/shared_library.hpp>

#include <exception>
#include <mutex>
#include <utility>
#include <vector>

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

std::string reason_to_stay(const std::filesystem::path& copy) {
    const auto file = open_plugin_file(copy);
    if (!file) {
        return "its file cannot be read any more";
    }
    const std::string found =
        hindrance_text(find_unload_hindrances(DescriptorBytes(file.value().descriptor.get(), file.value().size_bytes)));
    return found.empty() ? "its file does not show why; a library that it is linked with may hold it" : found;
}

// The last handle on the code is never closed; it stays reachable, so that no leak checker takes it for lost.
void keep_for_good(boost::dll::shared_library code) {
    static std::mutex mutex;
    static auto* const kept = new std::vector<boost::dll::shared_library>();
    const std::lock_guard lock(mutex);
    kept->push_back(std::move(code));
}

void log_unload(const UnloadReport& report) {
    if (report.outcome != UnloadOutcome::kResident) {
        const bool is_closed = report.outcome == UnloadOutcome::kClosed;
        observability::log(LogLevel::kInfo, is_closed ? "plugin_closed" : "plugin_kept", "",
                           {{"plugin", report.name}, {"version", report.version}, {"sha256", report.sha256}});
        return;
    }
    observability::log(
        LogLevel::kWarn, "plugin_resident", "the plugin was closed but its code stays in memory",
        {{"plugin", report.name}, {"version", report.version}, {"sha256", report.sha256}, {"reason", report.reason}});
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
    FileIdentity identity;
    std::mutex lifecycle;
    LoadOptions options;
    sluice_plugin descriptor{};
    std::optional<sluice_backend_api> backend;
    std::optional<sluice_middleware_api> middleware;
    std::optional<sluice_command_api> command;
    std::optional<sluice_quiesce_api> quiesce;
    StandIn stand_in;  ///< `owner` is set where the code is not in this process

    // Each step's error says what is wrong, not with which file.
    Result<void> load(const PluginFile& file, const PrivateCopies& copies);
    Result<void> load_code_of_copy();
    Result<void> fetch_tables();
    Result<void> fetch_command();
    Result<void> fetch_quiesce();
};

Result<void> PluginLibrary::State::load(const PluginFile& file, const PrivateCopies& copies) {
    auto made = copies.make(file);
    if (!made) {
        return Unexpected(std::move(made).error());
    }
    copy = std::move(made).value();
    return load_code_of_copy();
}

Result<void> PluginLibrary::State::load_code_of_copy() {
    if (options.on_step) {
        options.on_step(LoadStep::kRunConstructors);
    }
    auto loaded = load_code(copy->path());
    if (!loaded) {
        return Unexpected(std::move(loaded).error());
    }
    code = std::move(loaded).value();
    if (options.on_step) {
        options.on_step(LoadStep::kQuery);
    }
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
    if (auto outcome = fetch_command(); !outcome) {
        return outcome;
    }
    return fetch_quiesce();
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

Result<void> PluginLibrary::State::fetch_quiesce() {
    const void* const offered = descriptor.get_interface(abi_text(SLUICE_QUIESCE_ID));
    if (offered == nullptr) {
        return {};
    }
    const auto table = checked_quiesce(offered);
    if (!table) {
        return Unexpected(table.error());
    }
    quiesce = table.value();
    return {};
}

PluginLibrary::PluginLibrary(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::shared_ptr<const PluginLibrary>> PluginLibrary::load(const std::filesystem::path& file,
                                                                 const PrivateCopies& copies, LoadOptions options) {
    const auto opened = open_plugin_file(file);
    if (!opened) {
        return Unexpected(opened.error());
    }
    auto state = std::make_unique<State>();
    state->source = file;
    state->options = std::move(options);
    state->identity = opened->identity;
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

Result<std::shared_ptr<const PluginLibrary>> PluginLibrary::load_copy(const std::filesystem::path& source,
                                                                      std::unique_ptr<PrivateCopy> copy) {
    auto state = std::make_unique<State>();
    state->source = source;
    state->copy = std::move(copy);
    if (const auto outcome = state->load_code_of_copy(); !outcome) {
        return Unexpected(fmt::format("{}: {}", source.string(), outcome.error()));
    }
    return std::shared_ptr<const PluginLibrary>(new PluginLibrary(std::move(state)));
}

std::shared_ptr<const PluginLibrary> PluginLibrary::stand_in(const std::filesystem::path& source,
                                                             std::unique_ptr<PrivateCopy> copy, StandIn stand_in) {
    auto state = std::make_unique<State>();
    state->source = source;
    state->copy = std::move(copy);
    state->backend = stand_in.backend;
    state->middleware = stand_in.middleware;
    state->stand_in = std::move(stand_in);
    state->descriptor.config_schema = abi_text(state->stand_in.config_schema);
    return std::shared_ptr<const PluginLibrary>(new PluginLibrary(std::move(state)));
}

PluginLibrary::~PluginLibrary() {
    if (state_->stand_in.owner) return;
    PrivateCopy& copy = *state_->copy;
    UnloadReport report{copy.manifest().name, copy.manifest().version, copy.sha256(),
                        copy.path(),          UnloadOutcome::kKept,    ""};
    if (state_->options.is_kept_loaded) {
        keep_for_good(std::move(state_->code));
        copy.keep();
    } else if (report.outcome = close(); report.outcome == UnloadOutcome::kResident) {
        report.reason = reason_to_stay(copy.path());
    }
    log_unload(report);
    if (state_->options.on_unload) {
        state_->options.on_unload(report);
    }
}

UnloadOutcome PluginLibrary::close() {
    state_->code.unload();
    if (!is_code_mapped(state_->copy->path())) {
        return UnloadOutcome::kClosed;
    }
    state_->copy->keep();
    return UnloadOutcome::kResident;
}

const Manifest& PluginLibrary::manifest() const noexcept { return state_->copy->manifest(); }

const std::string& PluginLibrary::sha256() const noexcept { return state_->copy->sha256(); }

const std::filesystem::path& PluginLibrary::source() const noexcept { return state_->source; }

const std::filesystem::path& PluginLibrary::loaded_path() const noexcept { return state_->copy->path(); }

Result<bool> PluginLibrary::is_current() const {
    const auto file = open_plugin_file(state_->source);
    if (!file) {
        return Unexpected(file.error());
    }
    if (file->identity.proves_same(state_->identity)) {
        return true;
    }
    const auto sha256 = sha256_of(DescriptorBytes(file->descriptor.get(), file->size_bytes));
    if (!sha256) {
        return Unexpected(fmt::format("{}: {}", state_->source.string(), sha256.error()));
    }
    return *sha256 == state_->copy->sha256();
}

std::string_view PluginLibrary::config_schema() const noexcept {
    constexpr std::string_view kNothing = R"({"type":"object","additionalProperties":false})";
    const std::string_view schema = view_of(state_->descriptor.config_schema);
    return schema.empty() ? kNothing : schema;
}

const sluice_backend_api* PluginLibrary::backend() const noexcept {
    return state_->backend ? &*state_->backend : nullptr;
}

const sluice_middleware_api* PluginLibrary::middleware() const noexcept {
    return state_->middleware ? &*state_->middleware : nullptr;
}

const sluice_command_api* PluginLibrary::command() const noexcept {
    return state_->command ? &*state_->command : nullptr;
}

std::mutex& PluginLibrary::lifecycle() const noexcept { return state_->lifecycle; }

const sluice_quiesce_api* PluginLibrary::quiesce() const noexcept {
    return state_->quiesce ? &*state_->quiesce : nullptr;
}

void* PluginLibrary::stand_in_owner() const noexcept { return state_->stand_in.owner.get(); }

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
