#pragma once

#include <sluice/cpp/loop.hpp>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "backend/plugin_backend.hpp"
#include "backend/query.hpp"
#include "isolation/channel.hpp"
#include "isolation/served_call.hpp"

namespace sluice::isolation {

/// In the plugin process: serves the calls of one loop of the gateway. [loop-thread]
class CallServer final : public FrameReceiver {
public:
    /// `backend` outlives the server.
    CallServer(const Loop& loop, const backend::PluginBackend& backend);
    ~CallServer() override;

    /// False where the loop cannot watch the socket.
    bool open(plugin::FileDescriptor socket);

    // FrameReceiver
    void on_frame(const Frame& frame) override;
    void on_closed(const std::string& breach) override;

private:
    void start(const Frame& frame);
    void answer_models(std::uint64_t id);
    void answer_health(std::uint64_t id);
    backend::QueryLoop query_loop() const;

    const Loop loop_;
    const backend::PluginBackend& backend_;
    std::shared_ptr<Channel> channel_;
    std::unordered_map<std::uint64_t, std::shared_ptr<ServedCall>> calls_;
};

}  // namespace sluice::isolation
