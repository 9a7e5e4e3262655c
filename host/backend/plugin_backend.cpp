#include "backend/plugin_backend.hpp"

#include <sluice/manifest.h>

#include "backend/worker_call.hpp"

namespace sluice::backend {

PluginBackend::PluginBackend(std::unique_ptr<plugin::BackendInstance> instance, observability::BackendSlot slot,
                             WorkerPool& pool, std::size_t max_queued_bytes)
    : instance_(std::move(instance)),
      slot_(slot),
      pool_(pool),
      max_queued_bytes_(max_queued_bytes),
      is_async_(instance_->is_async()),
      is_example_((instance_->library().manifest().flags & SLUICE_MANIFEST_EXAMPLE) != 0) {}

void PluginBackend::start(const sluice_request& request, ResponseSink& sink) const {
    auto fail = [&](std::string_view code, std::string_view message) {
        sluice_error error{};
        error.struct_size = sizeof error;
        error.code = {code.data(), code.size()};
        error.message = {message.data(), message.size()};
        sink.fail(error, nullptr);
    };
    if (!is_async_) {
        if (!WorkerCall::start(pool_, api(), handle(), request, sink, max_queued_bytes_)) {
            fail("capacity_exceeded", "All workers are busy and their queue is full. Try again shortly.");
        }
        return;
    }
    sluice_status status = api().start(handle(), as_plugin_call(sink), &loop_call_table(), &request);
    if (status < 0) fail("internal_error", "The backend could not start the call.");
}

}  // namespace sluice::backend
