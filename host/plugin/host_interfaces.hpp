#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plugin/manifest.hpp"

namespace sluice::plugin {

/// What this host offers to plugins: tables by interface id. Filled while the host starts, read-only afterwards, and
/// alive as long as any instance.
class HostInterfaces {
public:
    /// Offers log/1, metrics/1, clock/1, folder/1 and store/1.
    HostInterfaces();

    /// Offers `table` (static data of the host) under `id`, in place of an earlier one. [main-thread]
    void offer(std::string_view id, const void* table);

    /// The table of `id`, or null. [any-thread]
    const void* find(std::string_view id) const noexcept {
        const auto found = tables_.find(id);
        return found == tables_.end() ? nullptr : found->second;
    }

private:
    std::map<std::string, const void*, std::less<>> tables_;
};

/// What plugin files are checked against before they are loaded.
struct HostOffer {
    HostOffer(AbiVersion version = {}, const HostInterfaces* offered = nullptr) : abi(version), interfaces(offered) {}

    AbiVersion abi;
    const HostInterfaces* interfaces;  ///< borrowed; null: what a plugin needs is read, but not checked
};

}  // namespace sluice::plugin
