#pragma once

#include "plugin/host_interfaces.hpp"
#include "plugin/manifest.hpp"
#include "plugin/plugin_file.hpp"
#include "result.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace sluice::plugin {

/// A plugin file that only this process uses, under a name it never uses again: glibc takes a second file of the same
/// name for the first, and a file that is changed while it is mapped kills the process. Removed from disk when
/// destroyed, unless keep() was called.
class PrivateCopy {
public:
    PrivateCopy(std::filesystem::path path, std::string sha256, Manifest manifest);
    ~PrivateCopy();
    PrivateCopy(const PrivateCopy&) = delete;
    PrivateCopy& operator=(const PrivateCopy&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }  ///< absolute
    const std::string& sha256() const noexcept { return sha256_; }        ///< 64 hexadecimal digits
    const Manifest& manifest() const noexcept { return manifest_; }       ///< as read from the copy

    /// Leaves the file for debuggers: its code is still mapped.
    void keep() noexcept { is_kept_ = true; }

private:
    std::filesystem::path path_;
    std::string sha256_;
    Manifest manifest_;
    bool is_kept_ = false;
};

/// The folder `<state_dir>/plugins` of private copies, named `<plugin>.<12 digits of sha256>.<pid>.<number>.so`.
class PrivateCopies {
public:
    /// Makes the folder (mode 0700) if it is not there, refuses it if others have rights to it, and removes the copies
    /// that processes which are no more have left behind. Copies are inspected for `host`.
    static Result<PrivateCopies> open(const std::filesystem::path& state_dir, const HostOffer& host = {});

    /// Copies the file and inspects the copy; a file that changes meanwhile is refused. [any-thread]
    Result<std::unique_ptr<PrivateCopy>> make(const PluginFile& source) const;

    const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    PrivateCopies(std::filesystem::path folder, const HostOffer& host) : folder_(std::move(folder)), host_(host) {}

    std::filesystem::path folder_;
    HostOffer host_;
};

}  // namespace sluice::plugin
