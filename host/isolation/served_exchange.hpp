#pragma once

#include <sluice/ext/middleware.h>
#include <sluice/cpp/loop.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/attributes.hpp"
#include "isolation/channel.hpp"
#include "isolation/hook_edit.hpp"
#include "isolation/wire_message.hpp"
#include "plugin/plugin_instance.hpp"

namespace sluice::isolation {

/// In the plugin process: one exchange as its middleware sees it. What the middleware does with it is collected and
/// goes to the gateway with the hook's answer. [loop-thread] except resume()
class ServedExchange final : public std::enable_shared_from_this<ServedExchange> {
public:
    /// `middleware` outlives it.
    ServedExchange(const Loop& loop, std::shared_ptr<Channel> channel, std::uint64_t id,
                   const plugin::MiddlewareInstance& middleware);

    // The gateway's frames: each runs a hook and answers. False where the frame is malformed.
    bool run_head(PayloadReader in);
    bool run_request(PayloadReader in);
    bool run_response(PayloadReader in);
    bool run_chunk(PayloadReader in);
    bool complete(PayloadReader in);
    void cancel_pending();

private:
    enum class Phase { kHead, kRequest, kResponse, kChunk };
    static const sluice_exchange_api kTable;
    static ServedExchange& from(sluice_exchange* exchange) { return *reinterpret_cast<ServedExchange*>(exchange); }
    static const ServedExchange& from(const sluice_exchange* exchange) {
        return *reinterpret_cast<const ServedExchange*>(exchange);
    }
    sluice_exchange* raw() noexcept { return reinterpret_cast<sluice_exchange*>(this); }

    void read_head(PayloadReader& in);
    void answer_verdict(sluice_verdict verdict);

    // What stands in the table; see sluice/ext/middleware.h.
    const sluice_request* request();
    sluice_status set_request_header(std::string_view name, std::string_view value);
    sluice_status set_body(std::string_view json);
    sluice_status set_attribute(std::string_view name, std::string_view value);
    sluice_status set_response_header(std::string_view name, std::string_view value);
    sluice_status reply(const sluice_response& response, std::string_view body);
    sluice_status resume(sluice_verdict verdict);

    const Loop loop_;
    const std::shared_ptr<Channel> channel_;
    const std::uint64_t id_;
    const plugin::MiddlewareInstance& middleware_;
    void* slot_ = nullptr;
    Phase phase_ = Phase::kHead;
    bool is_pending_ = false;
    sluice_callback_fn cancel_fn_ = nullptr;
    void* cancel_ctx_ = nullptr;

    std::string head_;  ///< what the texts of request_ point into
    sluice_request request_{};
    std::vector<std::pair<std::string, std::string>> headers_;
    std::vector<sluice_header> header_views_;
    std::string body_;  ///< padded as sluice_request.body promises
    std::size_t body_bytes_ = 0;
    http::Attributes attributes_;
    const sluice_response* response_ = nullptr;  ///< while on_response runs
    HookEdits edits_;
};

}  // namespace sluice::isolation
