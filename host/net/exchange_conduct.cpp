// What plugins do to an exchange that they should not, and who may enter it while it is kept out for that.
#include <algorithm>

#include "net/attempt_run.hpp"
#include "net/exchange.hpp"
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
    if (call_.admit(*target_->backend, request_.body().size())) return true;
    refuse(quarantined(target_->backend->conduct(), "backend"));
    return false;
}

/// After the terminal call of the backend, and after what it gave was judged.
void Exchange::end_call() {
    call_ended_ns_ = context_.loop.now_ns();
    has_call_succeeded_ = error_code().empty();
    call_.end(is_cancelled_);
}

void Exchange::release_body() noexcept {
    request_.release_body();
    if (is_call_live_) call_.release();
}

void Exchange::blame_backend(Misbehaviour reason) { run_ ? run_->blame(reason) : call_.blame(reason); }

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

void Exchange::run_pending_cancel() {
    const auto fn = std::exchange(on_pending_cancel_.fn, nullptr);
    if (!fn) return;
    void* const ctx = on_pending_cancel_.ctx;
    plugin::run_callback(chain_.last_conduct(), observability::PluginFunction::kOnCancel, [fn, ctx] { fn(ctx); });
}

/// Fires when middleware has not resumed in time a request that was cancelled.
class Exchange::PendingPatience final : public CancelPatience {
public:
    explicit PendingPatience(Exchange& exchange) : exchange_(exchange) {}
    void on_timer() override {
        if (!exchange_.is_pending_) return;
        report(exchange_.chain_.last_conduct());
        exchange_.chain_.blame_last(Misbehaviour::kCancelIgnored);
    }

private:
    Exchange& exchange_;
};

/// After everybody was told that the exchange is cancelled.
void Exchange::await_last_word() {
    if (is_call_live_ && !run_) call_.await_last_word(request_.id);
    if (!is_pending_) return;
    auto& patience = extras().patience;
    if (!patience) patience = std::make_unique<PendingPatience>(*this);
    patience->begin(context_, chain_.last_conduct(), request_.id);
}

}  // namespace sluice::net
