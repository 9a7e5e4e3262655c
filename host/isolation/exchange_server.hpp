#pragma once

#include <sluice/cpp/loop.hpp>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "isolation/channel.hpp"
#include "isolation/served_exchange.hpp"

namespace sluice::isolation {

/// In the plugin process: runs the hooks for the exchanges of one loop of the gateway. [loop-thread]
class ExchangeServer final : public FrameReceiver {
public:
    /// `middleware` outlives the server.
    ExchangeServer(const Loop& loop, const plugin::MiddlewareInstance& middleware);
    ~ExchangeServer() override;

    /// False where the loop cannot watch the socket.
    bool open(plugin::FileDescriptor socket);

    // FrameReceiver
    void on_frame(const Frame& frame) override;
    void on_closed(const std::string& breach) override;

private:
    std::shared_ptr<ServedExchange> exchange(std::uint64_t id);

    const Loop loop_;
    const plugin::MiddlewareInstance& middleware_;
    std::shared_ptr<Channel> channel_;
    std::unordered_map<std::uint64_t, std::shared_ptr<ServedExchange>> exchanges_;
};

}  // namespace sluice::isolation
