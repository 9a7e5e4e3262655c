#include "backend/plugin_backend.hpp"

#include <sluice/manifest.h>

#include <condition_variable>
#include <mutex>

#include "backend/worker_call.hpp"
#include "plugin/plugin_entry.hpp"

namespace sluice::backend {

/// The workers that are inside one plugin, or on their way into it.
struct PluginBackend::Workers {
    std::mutex mutex;
    std::condition_variable has_left;
    std::size_t inside = 0;
};

namespace {

/// Of the backend this thread works for.
thread_local const void* current_workers = nullptr;

}  // namespace

PluginBackend::PluginBackend(std::unique_ptr<plugin::BackendInstance> instance, observability::BackendSlot slot,
                             WorkerPool& pool, std::size_t max_queued_bytes)
    : instance_(std::move(instance)),
      slot_(slot),
      pool_(pool),
      max_queued_bytes_(max_queued_bytes),
      is_async_(instance_->is_async()),
      is_example_((instance_->library().manifest().flags & SLUICE_MANIFEST_EXAMPLE) != 0),
      workers_(std::make_shared<Workers>()) {}

PluginBackend::~PluginBackend() {
    // A worker may itself drop the last hold, after it has returned from the plugin.
    std::size_t own = current_workers == workers_.get() ? 1 : 0;
    std::unique_lock lock(workers_->mutex);
    workers_->has_left.wait(lock, [&] { return workers_->inside == own; });
}

bool PluginBackend::run_on_worker(std::function<void()> work) const {
    auto leave = [workers = workers_] {
        std::lock_guard lock(workers->mutex);
        --workers->inside;
        workers->has_left.notify_all();
    };
    {
        std::lock_guard lock(workers_->mutex);
        ++workers_->inside;
    }
    bool is_running = pool_.run([work = std::move(work), leave, workers = workers_]() mutable {
        current_workers = workers.get();
        work();
        work = nullptr;  // with whatever it holds
        current_workers = nullptr;
        leave();
    });
    if (!is_running) leave();
    return is_running;
}

void PluginBackend::start(const sluice_request& request, ResponseSink& sink) const {
    if (!is_async_) {
        auto run = [this](std::function<void()> work) { return run_on_worker(std::move(work)); };
        if (WorkerCall::start(run, {api(), handle(), conduct()}, request, sink, max_queued_bytes_)) return;
        constexpr std::string_view kCode = "capacity_exceeded";
        constexpr std::string_view kMessage = "All workers are busy and their queue is full. Try again shortly.";
        sluice_error error{};
        error.struct_size = sizeof error;
        error.code = {kCode.data(), kCode.size()};
        error.message = {kMessage.data(), kMessage.size()};
        return sink.fail(error, nullptr);
    }
    sluice_status status = SLUICE_OK;
    {
        const plugin::PluginEntry entry(conduct(), observability::PluginFunction::kStart);
        status = api().start(handle(), as_plugin_call(sink), &loop_call_table(), &request);
    }
    if (status < 0) {
        sink.break_off(observability::Misbehaviour::kStartFailed, "The backend could not start the call.");
    }
}

}  // namespace sluice::backend
