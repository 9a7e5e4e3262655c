// One call of the host: a request passed to the upstream, its answer passed back.
#pragma once

#include <memory>
#include <variant>

#include "event_relay.hpp"
#include "exchange.hpp"
#include "held_relay.hpp"
#include "loop_keys.hpp"
#include "loop_state.hpp"
#include "object_pool.hpp"
#include "raw_relay.hpp"
#include "reply.hpp"
#include "upload.hpp"
#include "upstream_key.hpp"
#include "upstream_request.hpp"

namespace sluice::openai {

class Call;

// What calls of one loop work with.
struct CallContext {
    LoopState& state;
    const RequestWriter& writer;
    const KeyMask& mask;  // of the server's secrets
    LoopKeys& keys;
    ObjectPool<Call>& calls;
};

// [loop-thread]. Lives in an ObjectPool and gives itself back before its terminal call.
class Call final : public ExchangeUser {
public:
    // `context` outlives the call; `request`, and a client's `key` in it, are borrowed until the terminal call.
    Call(const CallContext& context, sluice_call* call, const sluice_call_api* api, const sluice_request* request,
         UpstreamKey key);
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() = default;

    // Makes the terminal call sometime, possibly inside.
    void start();

    // ExchangeUser
    void write_head(std::string& out) override;
    bool on_sent() override;
    bool on_head(const ResponseHead& head) override;
    bool on_body(std::span<char> piece) override;
    bool on_batch_end() override;
    void on_end() override;
    void on_failed(Failure failure) override;
    void on_timer() override;

private:
    const KeyMask& mask() const noexcept { return client_mask_ != nullptr ? *client_mask_ : context_.mask; }
    bool has_flag(std::uint32_t flag) const noexcept { return (request_->flags & flag) != 0; }

    bool choose_relay(const ResponseHead& head);
    bool begin_events(const ResponseHead& head);
    bool begin_held(const ResponseHead& head, AnswerShape shape);
    bool begin_raw(const ResponseHead& head);
    bool go_on(Flow flow);
    bool refuse(Failure failure);
    void wait_for_client();
    void cancel();
    void finish();
    void fail(Failure failure);
    const sluice_usage* usage() const;
    Failure take_failure() const;

    const CallContext& context_;
    Reply reply_;
    const sluice_request* const request_;
    UpstreamKey key_;
    const std::uint64_t started_ns_;
    std::unique_ptr<KeyMask> client_mask_;
    std::unique_ptr<Upload> upload_;
    std::variant<std::monostate, HeldRelay, EventRelay, RawRelay> relay_;
    bool is_waiting_for_client_ = false;
    Exchange exchange_;
};

}  // namespace sluice::openai
