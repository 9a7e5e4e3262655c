#pragma once

#include "plugin/manifest.hpp"
#include "plugin/private_copy.hpp"
#include "result.hpp"
#include "sluice/ext/backend.h"
#include "sluice/ext/command.h"
#include "sluice/ext/middleware.h"
#include "sluice/ext/quiesce.h"
#include "sluice/plugin.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::plugin {

/// What became of the code of a library after it was closed.
enum class UnloadOutcome {
    kClosed,    ///< gone from the process
    kResident,  ///< still mapped: something in it keeps it (unique symbols, a thread-local destructor, NODELETE)
    kKept,      ///< never closed, as the options asked for
};

struct UnloadReport {
    std::string name;
    std::string version;
    std::string sha256;
    std::filesystem::path loaded_path;
    UnloadOutcome outcome;
    std::string reason;  ///< what keeps it, where it is resident
};

/// Called once, after the library was closed, on the thread that dropped the last reference.
using UnloadObserver = std::function<void(const UnloadReport&)>;

/// What load() is about to let the plugin do.
enum class LoadStep { kRunConstructors, kQuery };
using LoadObserver = std::function<void(LoadStep)>;

struct LoadOptions {
    UnloadObserver on_unload = {};
    LoadObserver on_step = {};
    /// Never close the code: for leak checkers, which need its symbols at the end.
    bool is_kept_loaded = false;
};

/// What is used in the place of a plugin's code where that runs in another process: tables whose functions reach it,
/// and find their way by `owner`, which lives as long as the library.
struct StandIn {
    std::string config_schema;
    std::optional<sluice_backend_api> backend;
    std::optional<sluice_middleware_api> middleware;
    std::shared_ptr<void> owner;
};

/// A loaded plugin. Instances hold a reference each; the last one out unloads the code, so it must never be dropped
/// from inside the plugin's own stack. Everything it returns lives as long as it does.
class PluginLibrary {
public:
    /// Inspects the file, loads a private copy of it and checks what it says about itself. Nothing is left behind on
    /// failure; the error begins with the path. Runs the static constructors of the plugin. [main-thread]
    static Result<std::shared_ptr<const PluginLibrary>> load(const std::filesystem::path& file,
                                                             const PrivateCopies& copies, LoadOptions options = {});
    /// The same for a copy that is there already and was inspected: nothing is copied. `source` is what the errors
    /// begin with. [main-thread]
    static Result<std::shared_ptr<const PluginLibrary>> load_copy(const std::filesystem::path& source,
                                                                  std::unique_ptr<PrivateCopy> copy);
    /// A library whose code is not in this process: nothing is loaded, and nothing unloaded. [main-thread]
    static std::shared_ptr<const PluginLibrary> stand_in(const std::filesystem::path& source,
                                                         std::unique_ptr<PrivateCopy> copy, StandIn stand_in);
    /// Closes the library, finds out whether its code is gone, logs that and tells the observer.
    ~PluginLibrary();
    PluginLibrary(const PluginLibrary&) = delete;
    PluginLibrary& operator=(const PluginLibrary&) = delete;

    const Manifest& manifest() const noexcept;
    const std::string& sha256() const noexcept;                 ///< of the file that was loaded
    const std::filesystem::path& source() const noexcept;       ///< the path it was loaded from
    const std::filesystem::path& loaded_path() const noexcept;  ///< its private copy
    /// True if the file at source() still is what was loaded. The error says why it can no longer be used. [any-thread]
    Result<bool> is_current() const;
    /// JSON Schema of an instance's configuration; of a plugin without one: that of an empty object.
    std::string_view config_schema() const noexcept;

    /// The tables, checked and completed to this host's size with null members; null if the plugin is not of this kind.
    const sluice_backend_api* backend() const noexcept;
    const sluice_middleware_api* middleware() const noexcept;
    /// The command its instances offer, or null.
    const sluice_command_api* command() const noexcept;
    /// Held while an instance is made, destroyed, or lets go: the ABI promises never two of these at once.
    std::mutex& lifecycle() const noexcept;
    /// How its instances let go for a reload, or null.
    const sluice_quiesce_api* quiesce() const noexcept;
    /// What stand_in() was given as `owner`; null for a library whose code is loaded.
    void* stand_in_owner() const noexcept;

private:
    struct State;
    explicit PluginLibrary(std::unique_ptr<State> state);
    UnloadOutcome close();

    std::unique_ptr<State> state_;
};

/// True if a shared object of this path is mapped into the process. [any-thread]
bool is_code_mapped(const std::filesystem::path& path);

}  // namespace sluice::plugin
