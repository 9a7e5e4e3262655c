#pragma once

#include <sluice/ext/middleware.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "isolation/errand.hpp"
#include "isolation/loop_link.hpp"
#include "isolation/plugin_description.hpp"

namespace sluice::isolation {

/// In the gateway: one exchange whose middleware runs in a plugin process. on_head and on_request are PENDING until the
/// process has answered. on_response and on_chunk cannot be: the loop waits for them, at most kHookPatience, and a
/// process that needs longer is ended. Once the process is lost the exchange fails, since what the middleware was to
/// see to is not seen to. [loop-thread]
class RelayedExchange final : public Errand, public std::enable_shared_from_this<RelayedExchange> {
public:
    static constexpr std::chrono::milliseconds kHookPatience{250};

    /// `link` and `plugin` outlive it.
    RelayedExchange(LoopLink& link, const PluginDescription& plugin) : link_(link), plugin_(plugin) {}

    // The hooks; see sluice/ext/middleware.h.
    sluice_verdict on_head(sluice_exchange* exchange, const sluice_exchange_api& api);
    sluice_verdict on_request(sluice_exchange* exchange, const sluice_exchange_api& api);
    void on_response(sluice_exchange* exchange, const sluice_exchange_api& api);
    sluice_chunk_verdict on_chunk(sluice_exchange* exchange, const sluice_exchange_api& api, sluice_str name,
                                  sluice_str data, sluice_text_sink replacement);
    /// The last one; ends the errand.
    void on_complete(const sluice_summary& summary);

    // Errand
    void begin(const std::shared_ptr<Channel>& channel) override;
    void on_frame(const Frame& frame) override;
    void on_loss(const Loss& loss) override;

private:
    sluice_verdict ask(FrameKind hook, sluice_exchange* exchange, const sluice_exchange_api& api);
    void send_hook();
    void put_head(PayloadWriter& out, sluice_exchange* exchange, const sluice_exchange_api& api, bool is_needed);
    bool reach_process();
    template <class Fill, class Take>
    bool wait_for(FrameKind hook, FrameKind answer, Fill&& fill, Take&& take);
    void refuse();
    void lose(const Loss& loss);
    static void on_cancelled(void* ctx) noexcept;

    LoopLink& link_;
    const PluginDescription& plugin_;
    std::shared_ptr<Channel> channel_;  ///< null until there was a process for it
    std::optional<Loss> loss_;
    bool is_submitted_ = false;
    bool knows_request_ = false;  ///< the process has seen the request
    // The hook that is under way.
    FrameKind hook_{};
    sluice_exchange* exchange_ = nullptr;  ///< null where none is
    const sluice_exchange_api* api_ = nullptr;
    bool is_inside_hook_ = false;
};

}  // namespace sluice::isolation
