#pragma once

#include "plugin/manifest.hpp"
#include "plugin/private_copy.hpp"
#include "result.hpp"
#include "sluice/ext/backend.h"
#include "sluice/ext/command.h"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::plugin {

/// What became of the code of a library after it was closed.
enum class UnloadOutcome {
    kClosed,    ///< gone from the process
    kResident,  ///< still mapped: something in it keeps it (unique symbols, a thread-local destructor, NODELETE)
};

struct UnloadReport {
    std::string name;
    std::string version;
    std::string sha256;
    UnloadOutcome outcome;
};

/// Called once, after the library was closed, on the thread that dropped the last reference.
using UnloadObserver = std::function<void(const UnloadReport&)>;

/// A loaded plugin. Instances hold a reference each; the last one out unloads the code, so it must never be dropped
/// from inside the plugin's own stack. Everything it returns lives as long as it does.
class PluginLibrary {
public:
    /// Inspects the file, loads a private copy of it and checks what it says about itself. Nothing is left behind on
    /// failure; the error begins with the path. Runs the static constructors of the plugin. [main-thread]
    static Result<std::shared_ptr<const PluginLibrary>> load(const std::filesystem::path& file,
                                                             const PrivateCopies& copies,
                                                             UnloadObserver on_unload = {});
    /// Closes the library, finds out whether its code is gone, logs that and tells the observer.
    ~PluginLibrary();
    PluginLibrary(const PluginLibrary&) = delete;
    PluginLibrary& operator=(const PluginLibrary&) = delete;

    const Manifest& manifest() const noexcept;
    const std::string& sha256() const noexcept;                 ///< of the file that was loaded
    const std::filesystem::path& source() const noexcept;       ///< the path it was loaded from
    const std::filesystem::path& loaded_path() const noexcept;  ///< its private copy
    std::string_view config_schema() const noexcept;            ///< JSON Schema; empty = only an empty object

    /// The tables, checked and completed to this host's size with null members; null if the plugin is not of this kind.
    const sluice_backend_api* backend() const noexcept;
    const sluice_middleware_api* middleware() const noexcept;
    /// The command its instances offer, or null.
    const sluice_command_api* command() const noexcept;

private:
    struct State;
    explicit PluginLibrary(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

/// True if a shared object of this path is mapped into the process. [any-thread]
bool is_code_mapped(const std::filesystem::path& path);

}  // namespace sluice::plugin
