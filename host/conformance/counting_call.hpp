#pragma once

#include <sluice/ext/backend.h>
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/fake_request.hpp>

#include <cstdint>

namespace sluice::conformance {

/// The host's side of a call that takes everything and keeps nothing: what is measured is the plugin. Its client never
/// leaves and is never slow. [loop-thread]
class CountingCall {
public:
    /// Of a backend that is asynchronous or not; `host` outlives it.
    CountingCall(testing::FakeHost& host, bool is_asynchronous) noexcept
        : host_(host), is_asynchronous_(is_asynchronous) {}
    CountingCall(const CountingCall&) = delete;
    CountingCall& operator=(const CountingCall&) = delete;

    /// Ready for the next call.
    void renew() noexcept {
        writes_ = 0;
        is_ended_ = false;
    }
    std::uint64_t writes() const noexcept { return writes_; }
    bool is_ended() const noexcept { return is_ended_; }

    sluice_call* raw() noexcept { return reinterpret_cast<sluice_call*>(this); }
    static const sluice_call_api& table() noexcept;

private:
    static CountingCall& self(const sluice_call* call) noexcept {
        return *reinterpret_cast<CountingCall*>(const_cast<sluice_call*>(call));
    }
    static sluice_status count(sluice_call* call) noexcept {
        ++self(call).writes_;
        return SLUICE_OK;
    }
    static void end(sluice_call* call) noexcept { self(call).is_ended_ = true; }
    static sluice_status run_soon(sluice_call* call, sluice_callback_fn fn, void* ctx) noexcept;

    testing::FakeHost& host_;
    const bool is_asynchronous_;
    std::uint64_t writes_ = 0;
    bool is_ended_ = false;
};

inline sluice_status CountingCall::run_soon(sluice_call* call, sluice_callback_fn fn, void* ctx) noexcept {
    self(call).host_.loop().post([fn, ctx] { fn(ctx); });
    return SLUICE_OK;
}

inline const sluice_call_api& CountingCall::table() noexcept {
    static const sluice_call_api kTable = {
        sizeof(sluice_call_api),
        0,
        [](const sluice_call* call) noexcept -> sluice_loop* {
            return self(call).is_asynchronous_ ? self(call).host_.loop().raw() : nullptr;
        },
        [](sluice_call*, const sluice_response*) noexcept -> sluice_status { return SLUICE_OK; },
        [](sluice_call* call, sluice_str) noexcept { return count(call); },
        [](sluice_call* call, sluice_str, sluice_str) noexcept { return count(call); },
        run_soon,
        [](sluice_call*, sluice_callback_fn, void*) noexcept -> sluice_status { return SLUICE_OK; },
        [](const sluice_call*) noexcept -> std::int32_t { return 0; },
        [](sluice_call*, sluice_body_fn, void*) noexcept -> sluice_status { return SLUICE_E_STATE; },
        [](sluice_call*) noexcept {},
        [](sluice_call* call, const sluice_usage*) noexcept { end(call); },
        [](sluice_call* call, const sluice_error*, const sluice_usage*) noexcept { end(call); },
        [](const sluice_call*, sluice_str) noexcept {
            return sluice_str{nullptr, 0};
        },
        [](sluice_call*, sluice_str, sluice_str) noexcept -> sluice_status { return SLUICE_OK; }};
    return kTable;
}

}  // namespace sluice::conformance
