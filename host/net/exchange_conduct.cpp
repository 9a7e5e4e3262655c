// What plugins do to an exchange that they should not, and who may enter it while it is kept out for that.
#include <algorithm>

#include "net/connection_handler.hpp"
#include "net/exchange.hpp"
#include "observability/log.hpp"
#include "plugin/plugin_entry.hpp"

namespace sluice::net {

namespace {

using http::WireError;
using observability::Misbehaviour;

/// While a trial is under way nobody knows how long it takes.
constexpr std::chrono::milliseconds kShortestRetry{1000};

}  // namespace

/// False, with the exchange refused, while the backend is kept out.
bool Exchange::admit_call() {
    plugin::Conduct& conduct = target_->backend->conduct();
    const plugin::Admission admission = conduct.admit(static_cast<std::uint32_t>(context_.loop.index()));
    if (admission == plugin::Admission::kRefused) {
        refuse(quarantined(conduct, "backend"));
        return false;
    }
    is_trial_ = admission == plugin::Admission::kTrial;
    hold_body(request_.body().size());
    return true;
}

/// After the terminal call of the backend, and after what it gave was judged.
void Exchange::end_call() {
    hold_body(0);
    call_ended_ns_ = context_.loop.now_ns();
    has_call_succeeded_ = error_code().empty();
    if (extras_) extras_->patience.reset();
    if (!std::exchange(is_trial_, false)) return;
    // Of a call that nobody waited for to its end nothing is known.
    target_->backend->conduct().end_trial(is_cancelled_ ? plugin::CallOutcome::kUnknown : plugin::CallOutcome::kEnded);
}

void Exchange::hold_body(std::size_t bytes) {
    const std::size_t before = std::exchange(held_body_bytes_, bytes);
    if (before == bytes) return;
    const auto change = static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(before);
    target_->backend->conduct().counts().held(change, static_cast<std::uint32_t>(context_.loop.index()));
}

void Exchange::release_body() noexcept {
    request_.release_body();
    if (is_call_live_) hold_body(0);
}

void Exchange::blame_backend(Misbehaviour reason) {
    if (!std::exchange(is_backend_blamed_, true)) target_->backend->conduct().misbehaved(reason);
}

void Exchange::break_off(Misbehaviour reason, std::string_view message) {
    if (!is_call_live_) return;
    blame_backend(reason);
    sluice_error error{};
    error.struct_size = sizeof error;
    error.code = http::borrow("internal_error");
    error.message = http::borrow(message);
    fail(error, nullptr);
}

void Exchange::judge_refusal() {
    if (!extras_ || !extras_->refusal) return chain_.blame_last(Misbehaviour::kNoAnswer);
    if (extras_->refusal_failure) chain_.blame_last(*extras_->refusal_failure);
}

WireError Exchange::quarantined(const plugin::Conduct& conduct, std::string_view kind) const {
    WireError error = WireError::of("plugin_quarantined", "The " + std::string(kind) + " " + conduct.instance() +
                                                              " has failed several times and is kept out for now.");
    error.retry_after_ms = static_cast<std::uint32_t>(std::max(conduct.retry_after(), kShortestRetry).count());
    return error;
}

void Exchange::run_backend_callback(Callback& callback, observability::PluginFunction function) {
    const auto fn = std::exchange(callback.fn, nullptr);
    if (!fn) return;
    void* const ctx = callback.ctx;
    // That of a synchronous backend is the host's own, which looks after the plugin's.
    if (!target_->backend->is_async()) return fn(ctx);
    plugin::run_callback(target_->backend->conduct(), function, [fn, ctx] { fn(ctx); });
}

void Exchange::run_pending_cancel() {
    const auto fn = std::exchange(on_pending_cancel_.fn, nullptr);
    if (!fn) return;
    void* const ctx = on_pending_cancel_.ctx;
    plugin::run_callback(chain_.last_conduct(), observability::PluginFunction::kOnCancel, [fn, ctx] { fn(ctx); });
}

/// After everybody was told that the exchange is cancelled.
void Exchange::await_last_word() {
    const bool is_async_call = is_call_live_ && target_->backend->is_async();  // the watchdog looks after workers
    if (!is_async_call && !is_pending_) return;
    const plugin::Conduct& owing = is_call_live_ ? target_->backend->conduct() : chain_.last_conduct();
    auto& patience = extras().patience;
    if (!patience) patience = std::make_unique<CancelPatience>(*this);
    const auto limit = std::chrono::nanoseconds(owing.limits().cancel());
    context_.loop.timers().set(*patience, context_.loop.now_ns() + static_cast<std::uint64_t>(limit.count()));
}

void Exchange::on_cancel_ignored() {
    if (!is_call_live_ && !is_pending_) return;
    const plugin::Conduct& owing = is_call_live_ ? target_->backend->conduct() : chain_.last_conduct();
    observability::log(observability::LogLevel::kWarn, "plugin_cancel_ignored",
                       "a plugin has not let go of a cancelled request",
                       {{"plugin", owing.plugin()},
                        {"instance", owing.instance()},
                        {"request_id", request_.id},
                        {"ms", owing.limits().cancel().count()}});
    is_call_live_ ? blame_backend(Misbehaviour::kCancelIgnored) : chain_.blame_last(Misbehaviour::kCancelIgnored);
}

}  // namespace sluice::net
