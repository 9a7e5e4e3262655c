#pragma once

#include <sluice/ext/backend.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "isolation/errand.hpp"
#include "isolation/loop_link.hpp"

namespace sluice::isolation {

/// In the gateway: one call that a plugin process answers. [loop-thread]
class RelayedCall final : public Errand, public std::enable_shared_from_this<RelayedCall> {
public:
    /// `request` stays valid until the terminal call, which this makes. `link` outlives it.
    RelayedCall(LoopLink& link, sluice_call* call, const sluice_call_api& api, const sluice_request& request);

    // Errand
    void begin(const std::shared_ptr<Channel>& channel) override;
    void on_frame(const Frame& frame) override;
    void on_loss(const Loss& loss) override;

private:
    struct Step {
        FrameKind kind;
        std::string payload;
    };
    void take(FrameKind kind, std::string_view payload);
    void play(FrameKind kind, std::string_view payload);
    void play_begin(std::string_view payload);
    void play_data(FrameKind kind, std::string_view payload);
    void play_end(FrameKind kind, std::string_view payload);
    void play_pending();
    void give_credit(std::size_t bytes);
    void note(sluice_status status);
    static void on_writable(void* ctx) noexcept;
    static void on_cancelled(void* ctx) noexcept;
    static void on_body(void* ctx, sluice_status status, sluice_str bytes, std::int32_t is_last) noexcept;

    LoopLink& link_;
    sluice_call* call_;
    const sluice_call_api& api_;
    const sluice_request* request_;
    std::shared_ptr<Channel> channel_;  ///< null until it has begun
    std::deque<Step> pending_;          ///< what came while the client took nothing
    std::size_t pending_bytes_ = 0;
    std::size_t credit_ = 0;  ///< earned, and not given yet
    bool is_stalled_ = false;
    bool is_lost_ = false;
    bool has_bad_step_ = false;
    bool is_over_ = false;
};

}  // namespace sluice::isolation
