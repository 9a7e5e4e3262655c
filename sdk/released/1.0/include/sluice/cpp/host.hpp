// What an instance gets from the host.
#pragma once

#include "sluice/cpp/clock.hpp"
#include "sluice/cpp/folder.hpp"
#include "sluice/cpp/log.hpp"
#include "sluice/cpp/loop.hpp"
#include "sluice/cpp/metrics.hpp"
#include "sluice/cpp/store.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/host.h"

#include <string>
#include <string_view>

namespace sluice {
inline namespace v1 {

// The host as one instance sees it: alive as long as the instance. A small value: copy it freely. Each accessor asks
// the host for an interface, so keep what it returns.
class Host {
public:
    explicit Host(const sluice_host* host) noexcept : host_(host) {}

    const sluice_host* raw() const noexcept { return host_; }
    // The configured name of the instance.
    std::string_view instance() const noexcept { return to_view(host_->instance); }
    // True where the instance is only tried: no connections, no processes, nothing that lasts. No request will come.
    bool is_probe() const noexcept { return (host_->flags & SLUICE_HOST_PROBE) != 0; }

    Log log() const noexcept { return Log(host_); }
    Clock clock() const noexcept { return Clock(host_); }
    Metrics metrics() const noexcept { return Metrics(host_); }
    Loops loops() const noexcept { return Loops(host_); }
    // The absolute path of the instance's own folder. Throws Error where there is none.
    std::string folder() const { return instance_folder(host_); }
    // A namespace of the store: see Store. Throws Error where it cannot be had. In constructors only.
    Store store(std::string_view name, bool is_durable) const { return Store(host_, name, is_durable); }

    // The table of another interface of the host, or null where it has none.
    template <class Table>
    const Table* find(std::string_view id) const noexcept {
        return static_cast<const Table*>(host_->get_interface(host_, to_str(id)));
    }

private:
    const sluice_host* host_;
};

}  // namespace v1
}  // namespace sluice
