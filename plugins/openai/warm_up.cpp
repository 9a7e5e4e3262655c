#include "warm_up.hpp"

#include <algorithm>
#include <string>

#include "abi_text.hpp"

namespace sluice::openai {
namespace {

constexpr std::uint64_t kMinGapNs = 1'000'000'000;

}  // namespace

void WarmUp::refill() {
    const Config& config = target_.config;
    const bool can_be_used = config.is_enabled && (!config.server_keys.empty() || config.auth == Auth::kNone);
    if (dialer_ != nullptr || !can_be_used) return;
    const std::uint64_t now = target_.services.loop->now_ns(loop_);
    if (last_refill_ns_ != 0 && now - last_refill_ns_ < kMinGapNs) return;
    last_refill_ns_ = now;
    left_ = config.warm_connections - std::min(config.warm_connections, pool_.idle_count());
    dial_next();
}

void WarmUp::on_dialed(std::unique_ptr<Connection> connection) {
    pool_.give(std::move(connection));
    dialer_.reset();
    dial_next();
}

void WarmUp::on_dial_failed(Failure failure) {
    dialer_.reset();
    const sluice_host_log* const log = target_.services.log;
    if (log == nullptr) return;
    const std::string line = "no connection could be opened ahead: " + failure.message;
    log->write(target_.services.host, SLUICE_LOG_WARN, to_abi(line));
}

void WarmUp::dial_next() {
    if (left_ == 0) return;
    --left_;
    dialer_ = std::make_unique<Dialer>(target_, loop_, sessions_, *this);
    dialer_->start();
}

}  // namespace sluice::openai
