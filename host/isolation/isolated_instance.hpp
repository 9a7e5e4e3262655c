#pragma once

#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "isolation/loop_link.hpp"
#include "isolation/plugin_description.hpp"
#include "isolation/relayed_metrics.hpp"
#include "isolation/relayed_store.hpp"
#include "isolation/supervisor.hpp"
#include "result.hpp"

namespace sluice::isolation {

/// In the gateway: what stands for an instance whose plugin runs in a process of its own. Ties the supervisor, on one
/// loop, to the links, one on each.
class IsolatedInstance final : private SupervisorObserver, private LinkObserver {
public:
    /// Starts the process and waits until its instance is there; the error is the plugin's own, or what became of the
    /// process. `description` outlives the instance. [main-thread]
    static Result<std::unique_ptr<IsolatedInstance>> create(const sluice_host* host, ProcessPlan plan,
                                                            const PluginDescription& description,
                                                            observability::Metrics& metrics);
    /// Ends the process and waits for that. Nothing is under way any more. [main-thread], never a loop's
    ~IsolatedInstance() override;

    /// The link of a loop. [loop-thread]
    LoopLink& link(const sluice_loop* loop) noexcept;
    /// [main-thread]
    void shut_down();
    const PluginDescription& description() const noexcept { return description_; }
    /// What the plugin's is_guarding() said last. [any-thread]
    bool is_guarding() const noexcept { return supervisor_.is_guarding(); }

private:
    IsolatedInstance(const sluice_host* host, ProcessPlan plan, const PluginDescription& description,
                     observability::Metrics& metrics);
    std::string await_first_start();
    bool take_open(Channel& control, const Frame& frame);

    // SupervisorObserver
    void on_first_start(const std::string& error) override;
    void on_process(std::vector<plugin::FileDescriptor> sockets, std::uint64_t process) override;
    void on_process_lost(const Loss& loss, std::chrono::milliseconds restart_in) override;
    void on_end() override;
    void on_service(Channel& control, const Frame& frame) override;
    // LinkObserver
    void on_breach(std::uint64_t process, const std::string& what) override;
    void on_success() noexcept override { supervisor_.note_success(); }

    const Loops loops_;
    const PluginDescription& description_;
    std::vector<std::unique_ptr<LoopLink>> links_;  ///< by the loop's index
    RelayedMetrics metrics_;                        ///< home loop only
    RelayedStore store_;
    Supervisor supervisor_;

    std::mutex mutex_;
    std::condition_variable has_changed_;
    std::optional<std::string> first_start_;          ///< its error, empty after success
    std::vector<RelayedStore::OpenRequest> to_open_;  ///< while the main thread waits for the first start
    bool has_ended_ = false;
};

}  // namespace sluice::isolation
