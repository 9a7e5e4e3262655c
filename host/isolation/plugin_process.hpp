#pragma once

#include <sluice/cpp/loop.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/plugin_backend.hpp"
#include "backend/worker_pool.hpp"
#include "isolation/channel.hpp"
#include "isolation/process_log.hpp"
#include "isolation/process_metrics.hpp"
#include "isolation/process_parts.hpp"
#include "isolation/process_store.hpp"
#include "observability/metrics.hpp"
#include "plugin/host_interfaces.hpp"
#include "plugin/plugin_instance.hpp"

namespace sluice::isolation {

/// The other side of an isolated instance: one process, one plugin, one instance. Loads, creates and destroys as the
/// gateway says, on the main thread; calls are served on the loop, and on workers where the plugin is synchronous.
class PluginProcess final : public FrameReceiver {
public:
    explicit PluginProcess(ProcessParts parts);
    ~PluginProcess() override;

    /// Serves until the gateway says that it is enough. Returns the exit code. A gateway that is gone ends the process
    /// at once, without returning. [main-thread]
    int run();

    // FrameReceiver [loop-thread]
    void on_frame(const Frame& frame) override;
    void on_closed(const std::string& breach) override;

private:
    struct Serving;

    void queue(std::function<void()> job);
    void load(const std::string& source, const std::string& copy, const std::string& sha256);
    void create(bool is_backend, const std::string& name, const std::string& config_json, const std::string& folders);
    void answer(FrameKind kind, const std::string& error, const std::function<void(PayloadWriter&)>& fill);
    template <class Server, class Instance>
    void serve(const Instance& instance);
    std::uint8_t is_guarding() const noexcept;
    void end();
    void send_metrics() noexcept;
    void send_from_any_thread(FrameKind kind, std::uint64_t id, std::string payload);
    void run_on_loop(const std::function<void()>& work);

    ProcessParts parts_;
    ProcessLog log_;
    ProcessMetrics metrics_;
    ProcessStore store_;
    Timer metrics_timer_;               ///< loop only
    std::shared_ptr<Channel> control_;  ///< loop only
    std::shared_ptr<const plugin::PluginLibrary> library_;
    std::unique_ptr<Serving> serving_;
    const plugin::MiddlewareInstance* guard_ = nullptr;  ///< loop only

    std::mutex mutex_;
    std::condition_variable has_job_;
    std::deque<std::function<void()>> jobs_;
    bool is_ending_ = false;  ///< main thread only
};

}  // namespace sluice::isolation
