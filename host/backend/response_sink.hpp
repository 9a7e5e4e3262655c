#pragma once

#include <sluice/error.h>
#include <sluice/ext/backend.h>
#include <sluice/message.h>

#include <functional>
#include <string_view>

#include "http/attributes.hpp"
#include "observability/plugin_function.hpp"

namespace sluice::backend {

/// Where the answer of one call goes: the host's side of a call, in C++ terms. The functions mean what their namesakes
/// in sluice/ext/backend.h mean. [loop-thread] except post().
class ResponseSink {
public:
    virtual sluice_loop* loop() const noexcept = 0;
    virtual sluice_status begin(const sluice_response& response) = 0;
    virtual sluice_status write(std::string_view bytes) = 0;
    virtual sluice_status write_event(std::string_view name, std::string_view data) = 0;
    virtual sluice_status when_writable(sluice_callback_fn fn, void* ctx) = 0;
    virtual sluice_status when_cancelled(sluice_callback_fn fn, void* ctx) = 0;
    virtual bool is_cancelled() const noexcept = 0;
    virtual const http::Attributes& attributes() const noexcept = 0;
    virtual sluice_status set_attribute(std::string_view name, std::string_view value) = 0;
    virtual sluice_status read_body(sluice_body_fn fn, void* ctx) = 0;
    virtual void release_body() noexcept = 0;
    /// Terminal calls: the sink must not be used any more by the caller.
    virtual void finish(const sluice_usage* usage) = 0;
    virtual void fail(const sluice_error& error, const sluice_usage* usage) = 0;
    /// Terminal, in the plugin's place: fails the call as internal_error and counts what the plugin did wrong. Nothing
    /// happens to a call that has ended.
    virtual void break_off(observability::Misbehaviour reason, std::string_view message) = 0;
    /// Runs `task` on the sink's loop. [any-thread]
    virtual bool post(std::function<void()> task) = 0;

protected:
    ~ResponseSink() = default;
};

/// A call that runs on its loop, as a plugin names it.
inline sluice_call* as_plugin_call(ResponseSink& sink) noexcept { return reinterpret_cast<sluice_call*>(&sink); }

/// The table for calls of asynchronous backends; a sluice_call is a ResponseSink there.
const sluice_call_api& loop_call_table() noexcept;

}  // namespace sluice::backend
