#include "net/server_context.hpp"

#include <algorithm>

#include "net/connection_handler.hpp"
#include "net/exchange.hpp"

namespace sluice::net {

namespace {

constexpr std::size_t kSpareExchanges = 256;

}  // namespace

LoopContext::LoopContext(ServerContext& shared, EventLoop& owner, observability::LoopMetrics& counts)
    : server(shared),
      loop(owner),
      metrics(counts),
      json(shared.server.limits.json_depth, shared.server.limits.model_characters) {}

LoopContext::~LoopContext() = default;

const std::shared_ptr<const generation::Generation>& LoopContext::current_generation() {
    server.generations.update(generation_, generation_version_);
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

void LoopContext::add(ConnectionHandler& connection) {
    connection.place = connections_.size();
    connections_.push_back(&connection);
}

void LoopContext::remove(ConnectionHandler& connection) noexcept {
    connections_.back()->place = connection.place;
    std::swap(connections_[connection.place], connections_.back());
    connections_.pop_back();
}

}  // namespace sluice::net
