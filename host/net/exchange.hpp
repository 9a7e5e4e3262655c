#pragma once

#include <sluice/ext/middleware.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/response_sink.hpp"
#include "endpoints/endpoint.hpp"
#include "generation/generation.hpp"
#include "http/answer.hpp"
#include "http/error_table.hpp"
#include "http/request.hpp"
#include "middleware/chain.hpp"
#include "net/backend_call.hpp"
#include "net/cancel_patience.hpp"
#include "net/request_parser.hpp"
#include "net/response_head.hpp"
#include "net/server_context.hpp"
#include "net/timer_wheel.hpp"
#include "observability/plugin_function.hpp"
#include "observability/request_record.hpp"

namespace sluice::net {

class AttemptRun;
class ConnectionHandler;

/// One request and its answer, from the head to the last byte: runs the chain, asks the router, calls the backend, and
/// is the sink of its answer. Lives on its connection's loop. When the client leaves it lives on without connection
/// until backend and middleware have had their last word.
class Exchange final : public backend::ResponseSink {
public:
    explicit Exchange(LoopContext& context);
    ~Exchange();

    // For the connection. [loop-thread]
    /// Begins with the head in request().head and the bytes that came behind it; returns how many of them belong to the
    /// body. `error`: what is already known to be wrong with the head.
    std::size_t start(ConnectionHandler& connection, std::string_view rest, std::optional<http::WireError> error);
    bool is_body_complete() const noexcept { return is_body_complete_; }
    bool wants_body() const noexcept { return expects_body_ && !is_body_complete_ && !is_over_; }
    /// Takes bytes of the body; returns how many of them belong to it.
    std::size_t take_body(std::string_view bytes);
    void on_deadline(std::uint64_t now_ns);
    /// The client's queue has been sent, in part or whole.
    void on_sent();
    /// The client takes nothing at the moment.
    void on_blocked() { arm_deadline(); }
    /// Ends the answer, or the wait for it, with an error that says why.
    void cut(std::string_view reason);
    /// The answer is out, or the client has left: ends the exchange, which recycles itself once nothing is owed.
    static void leave(std::unique_ptr<Exchange> exchange, observability::EndedBy by);
    /// When the client had sent its whole request; 0 while something of it is missing.
    std::uint64_t request_completed_ns() const noexcept {
        return is_body_complete_ ? std::max(request_completed_ns_, started_ns_) : 0;
    }
    http::Request& request() noexcept { return request_; }
    LoopContext& context() noexcept { return context_; }
    /// The generation a cold route is answered from.
    const std::shared_ptr<const generation::Generation>& generation() const noexcept { return generation_; }
    const endpoints::Endpoint& endpoint() const noexcept { return endpoint_; }
    /// Takes the answer of a cold route. [loop-thread]
    void take_cold_answer(const http::Answer& answer);
    void clear();

    // For the attempts of a route with a policy. [loop-thread]
    void begin_attempt(const routing::Target& target);
    /// Whose answer the client gets.
    void answer_from(const routing::Target& target) { target_ = &target; }
    /// True if some of a streamed body is gone.
    bool is_body_spent() const noexcept { return is_body_spent_; }
    /// on_sent() follows, soon.
    void wake_when_writable();
    /// No attempt owes a word any more, after the run was cancelled.
    void end_run();

    // backend::ResponseSink
    sluice_loop* loop() const noexcept override;
    sluice_status begin(const sluice_response& response) override;
    sluice_status write(std::string_view bytes) override;
    sluice_status write_event(std::string_view name, std::string_view data) override;
    sluice_status when_writable(sluice_callback_fn fn, void* ctx) override;
    sluice_status when_cancelled(sluice_callback_fn fn, void* ctx) override;
    bool is_cancelled() const noexcept override { return is_cancelled_; }
    const http::Attributes& attributes() const noexcept override { return attributes_; }
    sluice_status set_attribute(std::string_view name, std::string_view value) override;
    sluice_status read_body(sluice_body_fn fn, void* ctx) override;
    void release_body() noexcept override;
    void finish(const sluice_usage* usage) override;
    void fail(const sluice_error& error, const sluice_usage* usage) override;
    void break_off(observability::Misbehaviour reason, std::string_view message) override;
    bool post(std::function<void()> task) override { return context_.loop.post(std::move(task)); }

    // What middleware may do with an exchange; see sluice/ext/middleware.h.
    const sluice_request* plugin_request();
    sluice_status set_request_header(std::string_view name, std::string_view value);
    sluice_status set_body(std::string_view json);
    const sluice_response* plugin_response() const noexcept { return hook_response_; }
    sluice_status set_response_header(std::string_view name, std::string_view value);
    sluice_status reply(const sluice_response& response, std::string_view body);
    sluice_status refuse_with(const sluice_error& error);
    sluice_status resume(sluice_verdict verdict);
    sluice_status when_pending_cancelled(sluice_callback_fn fn, void* ctx);

private:
    enum class Phase { kHead, kBody, kRequest, kBackend, kCold, kOver };
    struct Callback {
        sluice_callback_fn fn = nullptr;
        void* ctx = nullptr;
    };
    class PendingPatience;

    /// What this request's generation says about limits and deadlines.
    const config::Server& settings() const noexcept { return generation_->config.server; }

    // exchange_request.cpp: the way in
    std::optional<http::WireError> check_head();
    bool answer_preflight();
    void run_head_hooks();
    void after_head_hooks();
    std::optional<http::WireError> choose_body_handling(bool& is_streamed);
    void expect_body(bool is_streamed);
    std::size_t take_plain(std::string_view bytes);
    std::size_t take_chunked(std::string_view bytes);
    void add_body(std::string_view bytes);
    void after_body();
    void run_request_hooks();
    void after_request_hooks();
    void on_verdict(sluice_verdict verdict, bool is_head);
    void call_backend();
    void begin_run();
    void inject_usage();
    void deliver_body();

    // exchange_response.cpp: the way out
    void refuse(const http::WireError& error);
    void send_answer(const http::Answer& answer);
    void write_head(const sluice_response& response);
    void run_response_hooks(const sluice_response& response);
    void give(std::string_view bytes);
    void give_event(std::string_view name, std::string_view data);
    sluice_status status_of_queue();
    void first_byte_given();
    void end_answer();
    void end_body();
    sluice_status end_by_middleware(sluice_chunk_verdict verdict);
    void fail_answer(const http::WireError& error, bool is_relayed);
    void tell_cancelled();
    void remember_usage(const sluice_usage* usage);

    // exchange_conduct.cpp: what plugins do to it
    bool admit_call();
    void end_call();
    void blame_backend(observability::Misbehaviour reason);
    void judge_refusal();
    http::WireError quarantined(const plugin::Conduct& conduct, std::string_view kind) const;
    void run_pending_cancel();
    void await_last_word();

    // exchange_end.cpp
    void arm_deadline();
    bool is_waiting_for_body() const noexcept { return wants_body() && (!is_streaming_body_ || body_fn_); }
    std::uint64_t next_deadline_ns() const;
    std::uint64_t answer_deadline_ns() const;
    bool is_owed_a_word() const noexcept;
    void recycle_if_orphaned();

    // exchange_record.cpp: what is known of it at its end, and who is told
    void complete();
    observability::RequestRecord record() const;
    observability::AttemptRecord only_attempt() const;
    void tell_middleware(const observability::RequestRecord& record);
    void count(const observability::RequestRecord& record);
    void keep(observability::RequestRecord record);

    /// What most exchanges never need.
    struct Extras {
        std::string preflight_lines;
        std::string body_buffer;  ///< decoded bytes nobody has fetched yet
        std::string error_code;   ///< what went wrong, for log and summary
        std::optional<http::Answer> reply;
        std::optional<http::WireError> refusal;
        /// What the refusal says about the middleware itself.
        std::optional<observability::Misbehaviour> refusal_failure;
        std::unique_ptr<CancelPatience> patience;  ///< with middleware
    };
    Extras& extras();
    std::string_view error_code() const noexcept { return extras_ ? std::string_view(extras_->error_code) : ""; }
    http::WireError refusal_or(std::string_view code, std::string_view message) const;

    // First what every piece of an answer touches: with thousands of streams nothing of it is in the cache.
    LoopContext& context_;
    ConnectionHandler* connection_ = nullptr;  ///< null once the client has left
    const routing::Target* target_ = nullptr;
    endpoints::Endpoint endpoint_;
    Phase phase_ = Phase::kHead;
    int status_ = 0;
    Framing framing_ = Framing::kLength;
    bool is_call_live_ = false;  ///< a backend owes its terminal call
    bool is_pending_ = false;    ///< a middleware owes its resume()
    bool is_pending_on_head_ = false;
    bool is_cold_ = false;  ///< a cold route is at work
    bool is_cancelled_ = false;
    bool has_begun_ = false;  ///< the head of the answer was given
    bool has_given_ = false;  ///< something of the answer can no longer be taken back
    bool is_over_ = false;    ///< the answer is complete, or given up
    bool expects_json_ = false;
    bool expects_body_ = false;
    bool is_streaming_body_ = false;  ///< the body goes to the backend as it comes
    bool is_body_complete_ = false;
    bool may_keep_alive_ = true;
    bool is_event_stream_ = false;
    bool is_orphan_ = false;
    bool is_leaving_ = false;
    bool is_body_spent_ = false;
    bool is_backends_answer_ = false;  ///< what was given of an answer, an error included, came from the backend
    bool is_backends_head_ = false;    ///< so did its status, rather than only the error that stands in for an answer
    bool has_call_succeeded_ = false;  ///< the last call ended, and nothing had gone wrong until then
    observability::EndedBy ended_by_ = observability::EndedBy::kBackend;
    HeadFacts facts_;
    std::uint32_t attempts_ = 0;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t last_event_ns_ = 0;
    std::uint64_t last_sent_ns_ = 0;
    BackendCall call_;
    std::unique_ptr<AttemptRun> run_;  ///< in place of the one call, where the route has a policy
    middleware::ChainRun chain_;
    Callback on_pending_cancel_;
    sluice_body_fn body_fn_ = nullptr;
    void* body_ctx_ = nullptr;

    std::shared_ptr<const generation::Generation> generation_;
    http::Request request_;
    sluice_request plugin_request_{};
    std::uint64_t body_left_ = 0;   ///< of a body with a length
    std::uint64_t body_bytes_ = 0;  ///< decoded so far, of a chunked one
    std::uint64_t body_limit_ = 0;
    std::uint64_t declared_bytes_ = 0;
    std::uint64_t started_ns_ = 0;
    std::uint64_t request_completed_ns_ = 0;
    std::uint64_t last_body_ns_ = 0;  ///< when the body last came on, or was asked for
    std::uint64_t first_byte_ns_ = 0;
    std::uint64_t call_started_ns_ = 0;   ///< of the last call to a backend
    std::uint64_t call_ended_ns_ = 0;     ///< 0 while it goes on
    std::uint64_t pending_since_ns_ = 0;  ///< since a middleware owes its resume()
    const sluice_response* hook_response_ = nullptr;
    std::unique_ptr<BodyDecoder> decoder_;
    std::vector<HeaderOverride> overrides_;
    http::Attributes attributes_;
    std::optional<sluice_usage> usage_;
    std::unique_ptr<Extras> extras_;
};

/// The table that goes with every exchange.
const sluice_exchange_api& exchange_table() noexcept;
inline sluice_exchange* as_plugin_exchange(Exchange& exchange) noexcept {
    return reinterpret_cast<sluice_exchange*>(&exchange);
}

}  // namespace sluice::net
