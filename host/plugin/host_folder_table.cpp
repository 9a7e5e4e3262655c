#include "plugin/host_tables.hpp"

#include "plugin/plugin_instance.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace sluice::plugin {
namespace {

sluice_status give(sluice_text_sink sink, const std::string& text, sluice_status status) {
    sink.put(sink.ctx, {text.data(), text.size()});
    return status;
}

/// Makes `folder`, and those above it, readable by the owner alone. The empty string, or what went wrong.
std::string make_private(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder.parent_path(), error);
    if (error) return "cannot make the folder " + folder.parent_path().string() + ": " + error.message();
    if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return "cannot make the folder " + folder.string() + ": " + std::generic_category().message(errno);
}

sluice_status path(const sluice_host* host, sluice_text_sink sink) noexcept {
    try {
        const std::filesystem::path folder = PluginInstance::from(host).folder();
        if (folder.empty()) return give(sink, "this gateway has no folder for its state", SLUICE_E_INTERNAL);
        // A chain's instances may have any name.
        const std::string& name = PluginInstance::from(host).name();
        if (name.find('/') != std::string::npos || name == "." || name == "..") {
            return give(sink, "the instance's name \"" + name + "\" is not fit for a folder", SLUICE_E_INTERNAL);
        }
        const std::string problem = make_private(folder);
        if (!problem.empty()) return give(sink, problem, SLUICE_E_INTERNAL);
        return give(sink, folder.string(), SLUICE_OK);
    } catch (const std::exception& error) {
        return SLUICE_E_NO_MEMORY;
    }
}

constexpr sluice_host_folder kTable{sizeof(sluice_host_folder), 0, &path};

}  // namespace

const sluice_host_folder& host_folder_table() noexcept { return kTable; }

}  // namespace sluice::plugin
