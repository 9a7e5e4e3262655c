#include "net/backend_call.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

#include "net/cancel_patience.hpp"
#include "plugin/plugin_entry.hpp"

namespace sluice::net {

using observability::Misbehaviour;

/// Fires when the backend has not ended in time a call that was cancelled.
class BackendCall::Patience final : public CancelPatience {
public:
    explicit Patience(BackendCall& call) : call_(call) {}
    void on_timer() override {
        if (!call_.backend_) return;
        report(call_.backend_->conduct());
        call_.blame(Misbehaviour::kCancelIgnored);
    }

private:
    BackendCall& call_;
};

BackendCall::BackendCall(LoopContext& context) : context_(context) {}
BackendCall::~BackendCall() = default;

bool BackendCall::admit(const backend::PluginBackend& backend, std::size_t held_bytes) {
    const plugin::Admission admission = backend.conduct().admit(static_cast<std::uint32_t>(context_.loop.index()));
    if (admission == plugin::Admission::kRefused) return false;
    backend_ = &backend;
    is_trial_ = admission == plugin::Admission::kTrial;
    is_blamed_ = false;
    hold(held_bytes);
    return true;
}

void BackendCall::end(bool is_cancelled) {
    if (!backend_) return;
    hold(0);
    patience_.reset();
    const backend::PluginBackend& backend = *std::exchange(backend_, nullptr);
    if (!std::exchange(is_trial_, false)) return;
    // Of a call that nobody waited for to its end nothing is known.
    backend.conduct().end_trial(is_cancelled ? plugin::CallOutcome::kUnknown : plugin::CallOutcome::kEnded);
}

void BackendCall::hold(std::size_t bytes) {
    const std::size_t before = std::exchange(held_bytes_, bytes);
    if (before == bytes || !backend_) return;
    const auto change = static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(before);
    backend_->conduct().counts().held(change, static_cast<std::uint32_t>(context_.loop.index()));
}

void BackendCall::blame(Misbehaviour reason) {
    if (backend_ && !std::exchange(is_blamed_, true)) backend_->conduct().misbehaved(reason);
}

void BackendCall::tell_writable() { call_back(on_writable_, observability::PluginFunction::kOnWritable); }
void BackendCall::tell_cancelled() { call_back(on_cancel_, observability::PluginFunction::kOnCancel); }

void BackendCall::call_back(Callback& callback, observability::PluginFunction function) {
    const auto fn = std::exchange(callback.fn, nullptr);
    if (!fn) return;
    void* const ctx = callback.ctx;
    // That of a synchronous backend is the host's own, which looks after the plugin's.
    if (!backend_->is_async()) return fn(ctx);
    plugin::run_callback(backend_->conduct(), function, [fn, ctx] { fn(ctx); });
}

void BackendCall::await_last_word(std::string_view request_id) {
    if (!backend_ || !backend_->is_async()) return;  // the watchdog looks after workers
    if (!patience_) patience_ = std::make_unique<Patience>(*this);
    patience_->begin(context_, backend_->conduct(), request_id);
}

}  // namespace sluice::net
