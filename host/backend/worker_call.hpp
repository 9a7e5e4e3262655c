#pragma once

#include <sluice/ext/backend.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend/response_sink.hpp"
#include "plugin/plugin_entry.hpp"

namespace sluice::backend {

/// Carries one call of a synchronous backend between the worker it blocks on and the loop its client is on: what the
/// plugin writes is queued, bounded in bytes, and played into the sink on the loop.
class WorkerCall : public std::enable_shared_from_this<WorkerCall> {
public:
    /// Whose start() it is.
    struct Target {
        const sluice_backend_api& api;
        sluice_backend* backend;
        plugin::Conduct& conduct;
    };
    using Runner = std::function<bool(std::function<void()>)>;
    /// Runs start() on a worker, through `run_on_worker`. `request` and `sink` stay valid until the sink's terminal
    /// call. Returns false, with nothing started, when no worker takes it. [loop-thread]
    static bool start(const Runner& run_on_worker, const Target& target, const sluice_request& request,
                      ResponseSink& sink, std::size_t max_queued_bytes);

    WorkerCall(ResponseSink& sink, plugin::Conduct& conduct, std::size_t max_queued_bytes)
        : attributes_(sink.attributes()),
          sink_(&sink),
          conduct_(conduct.shared_from_this()),
          max_queued_bytes_(max_queued_bytes) {}
    ~WorkerCall() { hold(-static_cast<std::int64_t>(queued_bytes_)); }

    // The plugin's side. [worker]
    sluice_status begin(const sluice_response& response);
    sluice_status write(std::string_view bytes);
    sluice_status write_event(std::string_view name, std::string_view data);
    sluice_status when_cancelled(sluice_callback_fn fn, void* ctx);
    bool is_cancelled();
    sluice_status read_body(sluice_body_fn fn, void* ctx);
    std::string_view attribute(std::string_view name) const noexcept { return attributes_.find(name); }
    sluice_status set_attribute(std::string_view name, std::string_view value);
    void finish(const sluice_usage* usage);
    void fail(const sluice_error& error, const sluice_usage* usage);

private:
    enum class Kind { kBegin, kBytes, kEvent, kAttribute, kFinish, kFail };

    /// One thing the plugin did, with copies of what it gave.
    struct Step {
        Kind kind = Kind::kBytes;
        std::string text;
        std::string name;
        std::optional<sluice_usage> usage;
        std::int32_t http_status = 0;
        std::uint32_t flags = 0;
        std::uint64_t number = 0;  ///< content length, or the delay to retry after
        std::vector<std::pair<std::string, std::string>> fields;
        std::optional<observability::Misbehaviour> misbehaviour;  ///< kFail: why the host ends the call itself
        std::size_t bytes() const { return text.size() + name.size(); }
    };

    void run(const Target& target, const sluice_request& request);
    void break_off(observability::Misbehaviour reason, std::string_view message);
    void hold(std::int64_t bytes) noexcept;
    void hurry_locked() noexcept;
    sluice_status queue(Step step);
    void queue_terminal(Step step);
    void schedule_drain_locked();
    void drain();
    sluice_status play(const Step& step);
    static void on_loop_cancelled(void* ctx) noexcept;
    static void on_loop_writable(void* ctx) noexcept;
    static void on_loop_body(void* ctx, sluice_status status, sluice_str bytes, std::int32_t is_last) noexcept;

    http::Attributes attributes_;  ///< the plugin's copy, from the moment the call was started; worker only
    ResponseSink* sink_;           ///< null after the terminal step was played; touched on the loop only
    const std::shared_ptr<plugin::Conduct> conduct_;
    const std::size_t max_queued_bytes_;
    std::shared_ptr<WorkerCall> stalled_;  ///< this, while it waits for the client to take bytes; loop only
    bool has_bad_step_ = false;            ///< the sink refused a step; loop only

    std::mutex mutex_;
    std::condition_variable has_changed_;
    std::deque<Step> steps_;
    std::size_t queued_bytes_ = 0;
    bool has_begun_ = false;
    bool is_over_ = false;  ///< the plugin made its terminal call
    bool is_cancelled_ = false;
    bool is_drain_scheduled_ = false;
    plugin::EntrySlot* slot_ = nullptr;  ///< of the worker, while it is inside start()
    std::uint64_t frame_ = 0;            ///< of start() in that slot

    std::mutex cancel_mutex_;  ///< held while the plugin's cancel callback runs: its terminal call waits for it
    sluice_callback_fn cancel_fn_ = nullptr;
    void* cancel_ctx_ = nullptr;

    struct Piece {
        sluice_status status = SLUICE_OK;
        std::string bytes;
        bool is_last = false;
    };
    std::optional<Piece> piece_;
};

}  // namespace sluice::backend
