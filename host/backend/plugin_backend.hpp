#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "backend/response_sink.hpp"
#include "backend/worker_pool.hpp"
#include "observability/loop_metrics.hpp"
#include "plugin/plugin_instance.hpp"

namespace sluice::backend {

/// A configured backend as the host uses it: one plugin instance, and how a call gets into it.
class PluginBackend {
public:
    PluginBackend(std::unique_ptr<plugin::BackendInstance> instance, observability::BackendSlot slot, WorkerPool& pool,
                  std::size_t max_queued_bytes);
    /// Waits for workers that are still inside the plugin: they have said their last word, but not returned yet.
    ~PluginBackend();

    const std::string& name() const noexcept { return instance_->name(); }
    const plugin::BackendInstance& instance() const noexcept { return *instance_; }
    /// Bytes of a synchronous plugin's answer that may wait for the client's loop.
    std::size_t max_queued_bytes() const noexcept { return max_queued_bytes_; }
    observability::BackendSlot slot() const noexcept { return slot_; }
    /// True for plugins that only serve for trying things out: they never make the gateway healthy.
    bool is_example() const noexcept { return is_example_; }
    bool serves(std::string_view path) const noexcept { return instance_->serves(path); }

    /// Hands the call to the plugin; the answer, an error included, comes through `sink`. `request` stays valid until
    /// the sink's terminal call. [loop-thread]
    void start(const sluice_request& request, ResponseSink& sink) const;

    /// Tells the plugin that the gateway ends; it may want to end what takes long. [main-thread]
    void shut_down() const noexcept {
        if (api().shut_down) api().shut_down(handle());
    }

    const sluice_backend_api& api() const noexcept { return instance_->api(); }
    sluice_backend* handle() const noexcept { return instance_->handle(); }
    bool is_async() const noexcept { return is_async_; }
    plugin::Conduct& conduct() const noexcept { return instance_->conduct(); }
    /// True while it is kept out for its failures; its calls would be refused. [any-thread]
    bool is_quarantined() const noexcept { return conduct().is_quarantined(); }
    /// Runs `work`, which calls into the plugin, on a worker; false where the pool does not take it. [any-thread]
    bool run_on_worker(std::function<void()> work) const;

private:
    std::unique_ptr<plugin::BackendInstance> instance_;
    observability::BackendSlot slot_;
    WorkerPool& pool_;
    std::size_t max_queued_bytes_;
    bool is_async_;
    bool is_example_;
    struct Workers;
    std::shared_ptr<Workers> workers_;  ///< shared with them: the last one may outlive this object by a moment
};

}  // namespace sluice::backend
