#include "net/server_context.hpp"

#include <unistd.h>

#include <algorithm>

#include "net/connection_handler.hpp"
#include "net/exchange.hpp"
#include "net/placement.hpp"
#include "net/recovery_check.hpp"

namespace sluice::net {

namespace {

constexpr std::size_t kSpareExchanges = 256;

}  // namespace

LoopContext::LoopContext(ServerContext& shared, EventLoop& owner, observability::LoopMetrics& counts)
    : server(shared), loop(owner), metrics(counts) {
    current_generation();
}

LoopContext::~LoopContext() = default;

const std::shared_ptr<const generation::Generation>& LoopContext::current_generation() {
    if (server.generations.update(generation_, generation_version_)) {
        const config::Server& settings = generation_->config.server;
        rules_.emplace(settings);
        json_.emplace(settings.limits.json_depth, settings.limits.model_characters);
    }
    return generation_;
}

std::unique_ptr<Exchange> LoopContext::take_exchange() {
    if (spare_.empty()) return std::make_unique<Exchange>(*this);
    std::unique_ptr<Exchange> exchange = std::move(spare_.back());
    spare_.pop_back();
    return exchange;
}

void LoopContext::recycle(std::unique_ptr<Exchange> exchange) {
    if (spare_.size() >= kSpareExchanges) return;
    exchange->clear();
    spare_.push_back(std::move(exchange));
}

void LoopContext::adopt(int descriptor, std::string peer, bool is_new) {
    if (is_new) server.open_connections.fetch_add(1, std::memory_order_relaxed);
    bool is_posted = loop.post([this, descriptor, peer = std::move(peer), is_new]() mutable {
        if (is_new) metrics.connection_opened();
        ConnectionHandler::open(*this, descriptor, std::move(peer));
    });
    if (is_posted) return;
    close(descriptor);
    server.open_connections.fetch_sub(1, std::memory_order_relaxed);
}

LoopContext* LoopContext::relief() {
    std::uint64_t now_ns = loop.now_ns();
    if (loop.load().percent(now_ns) < Placement::kOverloadedPercent) return nullptr;
    if (now_ns - relief_began_ns_ >= LoopLoad::kWindowNs) {
        relief_began_ns_ = now_ns;
        relieved_ = 0;
    }
    if (relieved_ == Placement::kMovesPerWindow) return nullptr;
    auto is_less_busy = [now_ns](const LoopContext* a, const LoopContext* b) {
        return a->loop.load().percent(now_ns) < b->loop.load().percent(now_ns);
    };
    LoopContext* other = *std::min_element(server.loops.begin(), server.loops.end(), is_less_busy);
    if (other->loop.load().percent(now_ns) >= Placement::kFreePercent) return nullptr;
    ++relieved_;
    return other;
}

void LoopContext::add(ConnectionHandler& connection) {
    connection.place = static_cast<std::uint32_t>(connections_.size());
    connections_.push_back(&connection);
}

void LoopContext::remove(ConnectionHandler& connection) noexcept {
    connections_.back()->place = connection.place;
    std::swap(connections_[connection.place], connections_.back());
    connections_.pop_back();
}

void LoopContext::check_recovery(const std::shared_ptr<routing::TargetHealth>& health, std::uint64_t first_ns) {
    if (health->is_checked.exchange(true)) return;
    recovery_checks_.push_back(std::make_unique<RecoveryCheck>(*this, health, first_ns));
}

void LoopContext::drop_recovery_checks() {
    const auto drop = [](void* context) {
        std::erase_if(static_cast<LoopContext*>(context)->recovery_checks_,
                      [](const auto& check) { return check->is_over(); });
    };
    loop.defer(drop, this);
}

}  // namespace sluice::net
