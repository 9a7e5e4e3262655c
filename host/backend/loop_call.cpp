#include <new>

#include "backend/response_sink.hpp"

namespace sluice::backend {

namespace {

ResponseSink& sink(sluice_call* call) { return *reinterpret_cast<ResponseSink*>(call); }
const ResponseSink& sink(const sluice_call* call) { return *reinterpret_cast<const ResponseSink*>(call); }
std::string_view view(sluice_str text) { return {text.ptr, text.len}; }

/// Memory is the one thing that can run out in here; nothing else throws.
template <class Work>
sluice_status guarded(Work&& work) noexcept {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

sluice_loop* call_loop(const sluice_call* call) noexcept { return sink(call).loop(); }

sluice_status call_begin(sluice_call* call, const sluice_response* response) noexcept {
    return guarded([&] { return sink(call).begin(*response); });
}

sluice_status call_write(sluice_call* call, sluice_str bytes) noexcept {
    return guarded([&] { return sink(call).write(view(bytes)); });
}

sluice_status call_write_event(sluice_call* call, sluice_str name, sluice_str data) noexcept {
    return guarded([&] { return sink(call).write_event(view(name), view(data)); });
}

sluice_status call_on_writable(sluice_call* call, sluice_callback_fn fn, void* ctx) noexcept {
    return guarded([&] { return sink(call).when_writable(fn, ctx); });
}

sluice_status call_on_cancel(sluice_call* call, sluice_callback_fn fn, void* ctx) noexcept {
    return guarded([&] { return sink(call).when_cancelled(fn, ctx); });
}

std::int32_t call_is_cancelled(const sluice_call* call) noexcept { return sink(call).is_cancelled() ? 1 : 0; }

sluice_status call_read_body(sluice_call* call, sluice_body_fn fn, void* ctx) noexcept {
    return guarded([&] { return sink(call).read_body(fn, ctx); });
}

void call_release_body(sluice_call* call) noexcept { sink(call).release_body(); }

void call_finish(sluice_call* call, const sluice_usage* usage) noexcept { sink(call).finish(usage); }

void call_fail(sluice_call* call, const sluice_error* error, const sluice_usage* usage) noexcept {
    sink(call).fail(*error, usage);
}

sluice_str call_attribute(const sluice_call* call, sluice_str name) noexcept {
    std::string_view value = sink(call).attributes().find(view(name));
    return {value.data(), value.size()};
}

sluice_status call_set_attribute(sluice_call* call, sluice_str name, sluice_str value) noexcept {
    return guarded([&] { return sink(call).set_attribute(view(name), view(value)); });
}

constexpr sluice_call_api kTable{
    sizeof(sluice_call_api),
    0,
    call_loop,
    call_begin,
    call_write,
    call_write_event,
    call_on_writable,
    call_on_cancel,
    call_is_cancelled,
    call_read_body,
    call_release_body,
    call_finish,
    call_fail,
    call_attribute,
    call_set_attribute,
};

}  // namespace

const sluice_call_api& loop_call_table() noexcept { return kTable; }

}  // namespace sluice::backend
