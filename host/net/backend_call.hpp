#pragma once

#include <sluice/ext/loop.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "backend/plugin_backend.hpp"
#include "net/server_context.hpp"
#include "observability/plugin_function.hpp"
#include "observability/plugin_metrics.hpp"

namespace sluice::net {

/// One call into a backend as its conduct sees it: whether it is let in, what it holds, what it is blamed for, what is
/// called back, and how long it may take to let go once it is cancelled. Belongs to the sink of the call, and is used
/// for one call after the other. [loop-thread]
class BackendCall {
public:
    explicit BackendCall(LoopContext& context);
    ~BackendCall();

    /// False while the backend is kept out. `held_bytes` of the request are kept for it. Lives until end().
    bool admit(const backend::PluginBackend& backend, std::size_t held_bytes);
    /// The backend's terminal call has come: nothing is called back any more.
    void close() noexcept { on_cancel_ = on_writable_ = {}; }
    /// After close(), once what the backend gave was judged. `is_cancelled`: nobody waited for its end.
    void end(bool is_cancelled);
    /// The request is held no more.
    void release() { hold(0); }
    /// Once for each call.
    void blame(observability::Misbehaviour reason);

    void when_writable(sluice_callback_fn fn, void* ctx) noexcept { on_writable_ = {fn, ctx}; }
    void when_cancelled(sluice_callback_fn fn, void* ctx) noexcept { on_cancel_ = {fn, ctx}; }
    void tell_writable();
    void tell_cancelled();
    /// After tell_cancelled(): blames a backend that does not end the call in time. `request_id` lives until end().
    void await_last_word(std::string_view request_id);

private:
    struct Callback {
        sluice_callback_fn fn = nullptr;
        void* ctx = nullptr;
    };
    class Patience;

    void hold(std::size_t bytes);
    void call_back(Callback& callback, observability::PluginFunction function);

    LoopContext& context_;
    const backend::PluginBackend* backend_ = nullptr;  ///< null between two calls
    std::size_t held_bytes_ = 0;
    Callback on_cancel_;
    Callback on_writable_;
    std::unique_ptr<Patience> patience_;
    bool is_trial_ = false;   ///< the backend is in quarantine, and this call decides
    bool is_blamed_ = false;  ///< what it did wrong with this call is counted
};

}  // namespace sluice::net
