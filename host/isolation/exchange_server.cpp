#include "isolation/exchange_server.hpp"

#include <unistd.h>

#include <utility>

namespace sluice::isolation {

ExchangeServer::ExchangeServer(const Loop& loop, const plugin::MiddlewareInstance& middleware)
    : loop_(loop), middleware_(middleware) {}

ExchangeServer::~ExchangeServer() {
    if (channel_) channel_->close();
}

bool ExchangeServer::open(plugin::FileDescriptor socket) {
    channel_ = std::make_shared<Channel>(loop_, std::move(socket), *this);
    return channel_->open();
}

// Without the gateway there is nothing left to do, and what the plugin holds the system takes back.
void ExchangeServer::on_closed(const std::string&) { _exit(1); }

std::shared_ptr<ServedExchange> ExchangeServer::exchange(std::uint64_t id) {
    auto& known = exchanges_[id];
    if (!known) known = std::make_shared<ServedExchange>(loop_, channel_, id, middleware_);
    return known;
}

void ExchangeServer::on_frame(const Frame& frame) {
    const std::shared_ptr<ServedExchange> served = exchange(frame.id);
    const PayloadReader in(frame.payload);
    bool is_good = false;
    switch (frame.kind) {
        case FrameKind::kHeadHook: is_good = served->run_head(in); break;
        case FrameKind::kRequestHook: is_good = served->run_request(in); break;
        case FrameKind::kResponseHook: is_good = served->run_response(in); break;
        case FrameKind::kChunkHook: is_good = served->run_chunk(in); break;
        case FrameKind::kPendingCancelled:
            served->cancel_pending();
            is_good = true;
            break;
        case FrameKind::kComplete:
            is_good = served->complete(in);
            exchanges_.erase(frame.id);
            break;
        default: break;
    }
    if (!is_good) _exit(1);
}

}  // namespace sluice::isolation
