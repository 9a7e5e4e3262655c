#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "plugin/plugin_library.hpp"
#include "result.hpp"

namespace sluice::plugin {

/// For each plugin file that was replaced, the version that served before it, so that one can go back to it. In the
/// folder `<state_dir>/plugins/earlier`, which outlives the process, as does what was gone back from. One thread at a
/// time.
class VersionShelf {
public:
    /// `copies` is the folder of private copies. What cannot be read of an earlier process is left out.
    static Result<VersionShelf> open(const std::filesystem::path& copies);

    /// Keeps the code of `library`, which served from `source` until now, in place of what was kept of it before.
    Result<void> keep(const std::filesystem::path& source, const PluginLibrary& library);

    /// What to load for `source`: the kept version where somebody went back from exactly what is there now, else
    /// `source` itself.
    std::filesystem::path file_for(const std::filesystem::path& source) const;

    /// From now on file_for() gives the kept version of the plugin `name`, until its source changes. Gives what is gone
    /// back to, in words; the error says why there is nothing to go back to.
    Result<std::string> go_back(const std::string& name);
    /// Takes the last go_back() of `name` back: the version did not come to serve.
    void stay(const std::string& name);

private:
    struct Kept {
        std::string name;
        std::string version;
        std::string sha256;
        std::string refused_sha256;  ///< of the source that was gone back from; empty: nobody did
    };

    explicit VersionShelf(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path file_of(const Kept& kept) const;
    void read_index();
    Result<void> write_index() const;

    std::filesystem::path folder_;
    std::map<std::filesystem::path, Kept> kept_;  ///< by source
};

}  // namespace sluice::plugin
