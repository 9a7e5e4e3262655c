// The way in: head, hooks, body, hooks again, route, backend.
#include <algorithm>

#include "endpoints/usage_injection.hpp"
#include "http/ascii_case.hpp"
#include "http/request_id.hpp"
#include "net/attempt_run.hpp"
#include "net/cold_routes.hpp"
#include "net/connection_handler.hpp"
#include "net/exchange.hpp"
#include "net/loop_interface.hpp"
#include "plugin/plugin_entry.hpp"

namespace sluice::net {

namespace {

using http::WireError;

WireError too_large(std::uint64_t found, bool is_exact, std::uint64_t limit) {
    return WireError::of("payload_too_large", "The body has " + std::string(is_exact ? "" : "more than ") +
                                                  std::to_string(is_exact ? found : limit) + " bytes; at most " +
                                                  std::to_string(limit) + " are accepted.");
}

bool has_content_coding(const http::Request& request) {
    std::string_view coding = request.header("Content-Encoding");
    return !coding.empty() && !http::equals_ignoring_case(coding, "identity");
}

}  // namespace

std::size_t Exchange::start(ConnectionHandler& connection, std::string_view rest, std::optional<WireError> error) {
    connection_ = &connection;
    started_ns_ = last_sent_ns_ = context_.loop.now_ns();
    context_.metrics.exchange_started();
    generation_ = context_.current_generation();
    HeadFacts facts;
    if (!error) error = parse_head(request_, facts, settings().limits.url_bytes);
    facts_ = facts;
    is_body_complete_ = !facts_.has_body && !error;
    std::string_view id = request_.header("X-Request-ID");
    if (http::is_acceptable_request_id(id)) {
        request_.id = id;
    } else {
        http::assign_fresh_request_id(request_.id);
    }
    const TrustedProxies& proxies = context_.rules().trusted_proxies;
    request_.client_address = proxies.is_empty() ? connection.peer() : proxies.client_of(request_, connection.peer());
    if (!error) error = check_head();
    if (error) {
        ended_by_ = observability::EndedBy::kHost;
        refuse(*error);
        return 0;
    }
    if (answer_preflight()) return 0;
    bool has_chain =
        endpoint_.service == endpoints::Service::kBackend || endpoint_.service == endpoints::Service::kModels;
    chain_.reset(has_chain ? &generation_->chain : nullptr);
    arm_deadline();
    if (chain_.is_empty()) {
        after_head_hooks();
    } else {
        run_head_hooks();
    }
    return wants_body() ? take_body(rest) : 0;
}

std::optional<WireError> Exchange::check_head() {
    if (context_.server.is_draining.load(std::memory_order_relaxed)) {
        return WireError::of("server_shutting_down", "The gateway is shutting down.");
    }
    if (Cors::is_preflight(request_)) return std::nullopt;
    auto endpoint = endpoints::find_endpoint(request_.path, generation_->config.metrics.is_public);
    if (!endpoint) {
        return WireError::of("not_found",
                             "Unknown route: " + std::string(request_.method) + " " + std::string(request_.path) + ".");
    }
    endpoint_ = *endpoint;
    if (endpoints::accepts_method(endpoint_, request_.method)) return std::nullopt;
    std::string_view allowed = endpoint_.methods.empty() ? "GET, HEAD, POST, PUT, PATCH, DELETE" : endpoint_.methods;
    overrides_.emplace_back("Allow", allowed);
    return WireError::of("method_not_allowed", std::string(request_.path) + ": found method " +
                                                   std::string(request_.method) + ", expected " + std::string(allowed) +
                                                   ".");
}

bool Exchange::answer_preflight() {
    if (!Cors::is_preflight(request_)) return false;
    ended_by_ = observability::EndedBy::kHost;
    std::string lines = context_.rules().cors.preflight_lines(request_);
    if (lines.empty()) {
        refuse(WireError::of("origin_not_allowed", "The origin \"" + std::string(request_.header("Origin")) +
                                                       "\" is not among the allowed ones."));
        return true;
    }
    http::Answer answer;
    answer.status = 204;
    answer.content_type.clear();
    extras().preflight_lines = std::move(lines);
    send_answer(answer);
    return true;
}

void Exchange::run_head_hooks() { on_verdict(chain_.run_head(as_plugin_exchange(*this), exchange_table()), true); }

void Exchange::run_request_hooks() {
    on_verdict(chain_.run_request(as_plugin_exchange(*this), exchange_table()), false);
}

void Exchange::on_verdict(sluice_verdict verdict, bool is_head) {
    if (is_over_) return;
    switch (verdict) {
        case SLUICE_PENDING:
            is_pending_ = true;
            pending_since_ns_ = context_.loop.now_ns();
            is_pending_on_head_ = is_head;
            return arm_deadline();
        case SLUICE_REPLY:
            ended_by_ = observability::EndedBy::kMiddleware;
            return send_answer(extras_ && extras_->reply ? *extras_->reply : http::Answer{204, {}, {}, {}});
        case SLUICE_REFUSE:
            if (const plugin::Conduct* kept_out = chain_.turned_away()) {
                ended_by_ = observability::EndedBy::kHost;
                return refuse(quarantined(*kept_out, "middleware"));
            }
            ended_by_ = observability::EndedBy::kMiddleware;
            judge_refusal();
            return refuse(refusal_or("internal_error", "A middleware refused the request without a reason."));
        default: break;
    }
    if (is_head) {
        after_head_hooks();
    } else {
        after_request_hooks();
    }
}

void Exchange::after_head_hooks() {
    bool is_streamed = false;
    if (auto error = choose_body_handling(is_streamed)) {
        ended_by_ = observability::EndedBy::kHost;
        return refuse(*error);
    }
    expect_body(is_streamed);
}

std::optional<WireError> Exchange::choose_body_handling(bool& is_streamed) {
    const config::Limits& limits = settings().limits;
    bool is_for_backend = endpoint_.service == endpoints::Service::kBackend;
    std::string_view type = request_.header("Content-Type");
    bool is_json_type = endpoints::is_json_content_type(type);
    bool must_be_json = is_for_backend && endpoint_.body == endpoints::BodyRule::kJson;
    if (must_be_json && (!is_json_type || has_content_coding(request_))) {
        std::string found = is_json_type
                                ? "content encoding \"" + std::string(request_.header("Content-Encoding")) + "\""
                                : "content type \"" + std::string(type) + "\"";
        return WireError::of("unsupported_media_type",
                             "Found " + found + ", expected application/json without encoding.");
    }
    expects_json_ =
        is_for_backend && (must_be_json || (is_json_type && facts_.has_body && !has_content_coding(request_)));
    is_streamed = is_for_backend && !expects_json_ && facts_.has_body;
    body_limit_ = is_streamed ? limits.stream_body_bytes : limits.json_body_bytes;
    bool is_length_known = request_.content_length != SLUICE_LENGTH_UNKNOWN;
    if (is_length_known && request_.content_length > body_limit_) {
        return too_large(request_.content_length, true, body_limit_);
    }
    return std::nullopt;
}

void Exchange::expect_body(bool is_streamed) {
    if (!facts_.has_body) return after_body();
    if (facts_.is_chunked) decoder_ = BodyDecoder::chunked(request_.head);
    body_left_ = request_.content_length;
    if (facts_.expects_continue) {
        connection_->output() += "HTTP/1.1 100 Continue\r\n\r\n";
        connection_->mark_output();
    }
    phase_ = is_streamed ? Phase::kRequest : Phase::kBody;
    is_streaming_body_ = is_streamed;
    expects_body_ = true;
    last_body_ns_ = context_.loop.now_ns();
    connection_->want_body(true);
    arm_deadline();
    if (is_streamed) run_request_hooks();
}

std::size_t Exchange::take_body(std::string_view bytes) {
    if (bytes.empty()) return 0;
    std::size_t used = decoder_ ? take_chunked(bytes) : take_plain(bytes);
    request_.received_body_bytes += used;
    last_body_ns_ = context_.loop.now_ns();
    if (is_over_) return used;
    if (!is_body_complete_) arm_deadline();
    if (is_streaming_body_) {
        deliver_body();
    } else if (is_body_complete_) {
        after_body();
    }
    return used;
}

std::size_t Exchange::take_plain(std::string_view bytes) {
    std::string_view ours =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), body_left_)));
    body_left_ -= ours.size();
    is_body_complete_ = body_left_ == 0;
    add_body(ours);
    return ours.size();
}

std::size_t Exchange::take_chunked(std::string_view bytes) {
    std::string decoded;
    BodyDecoder::Progress progress = decoder_->decode(bytes, decoded);
    if (progress.is_malformed) {
        fail_answer(WireError::of("bad_http", "The chunked body is malformed."), false);
        return progress.consumed_bytes;
    }
    is_body_complete_ = progress.is_complete;
    body_bytes_ += decoded.size();
    if (body_bytes_ > body_limit_) {
        fail_answer(too_large(0, false, body_limit_), false);
        return progress.consumed_bytes;
    }
    add_body(decoded);
    return progress.consumed_bytes;
}

void Exchange::add_body(std::string_view bytes) {
    if (is_streaming_body_) {
        extras().body_buffer += bytes;
    } else {
        request_.append_body(bytes);
    }
}

void Exchange::after_body() {
    is_body_complete_ = true;
    decoder_.reset();
    request_completed_ns_ = context_.loop.now_ns();
    phase_ = Phase::kRequest;
    connection_->want_body(false);
    if (expects_json_) {
        if (auto error = context_.json().read(request_)) {
            ended_by_ = observability::EndedBy::kHost;
            return refuse(*error);
        }
    }
    if (chain_.is_empty()) {
        after_request_hooks();
    } else {
        run_request_hooks();
    }
}

void Exchange::after_request_hooks() {
    if (request_completed_ns_ == 0) request_completed_ns_ = context_.loop.now_ns();
    if (endpoint_.service == endpoints::Service::kBackend) return call_backend();
    phase_ = Phase::kCold;
    is_cold_ = true;
    arm_deadline();
    context_.server.cold_routes.run(*this);
}

void Exchange::call_backend() {
    ended_by_ = observability::EndedBy::kHost;
    if (auto error = generation_->router->check_headers(request_)) return refuse(*error);
    target_ = &generation_->router->route(request_, attributes_);
    if (target_->error) return refuse(*target_->error);
    if (target_->policy) return begin_run();
    if (!target_->backend->serves(request_.path)) {
        return refuse(WireError::of("not_found", "The backend " + target_->backend->name() + " does not serve " +
                                                     std::string(request_.path) + "."));
    }
    if (target_->injects_usage) inject_usage();
    if (!admit_call()) return;
    ended_by_ = observability::EndedBy::kBackend;
    phase_ = Phase::kBackend;
    is_call_live_ = true;
    ++attempts_;
    call_started_ns_ = context_.loop.now_ns();
    arm_deadline();
    target_->backend->start(*plugin_request(), *this);
}

void Exchange::begin_run() {
    if (target_->injects_usage) inject_usage();
    ended_by_ = observability::EndedBy::kBackend;
    phase_ = Phase::kBackend;
    is_call_live_ = true;
    run_ = std::make_unique<AttemptRun>(*this, *target_);
    arm_deadline();
    run_->start();
}

void Exchange::begin_attempt(const routing::Target& target) {
    target_ = &target;
    ++attempts_;
}

void Exchange::inject_usage() {
    bool is_chat_stream = request_.is_streaming && endpoint_.dialect == stream::Dialect::kChat;
    if (!is_chat_stream || request_.wants_usage) return;
    std::string body = endpoints::with_usage_asked_for(request_.body(), request_.has_stream_options);
    if (body.empty()) return;
    request_.set_body(body);
    request_.is_usage_injected = true;
}

sluice_status Exchange::read_body(sluice_body_fn fn, void* ctx) {
    if (body_fn_) return SLUICE_E_STATE;
    is_body_spent_ = true;
    body_fn_ = fn;
    body_ctx_ = ctx;
    last_body_ns_ = context_.loop.now_ns();
    deliver_body();
    if (body_fn_ && connection_) arm_deadline();
    return SLUICE_OK;
}

void Exchange::deliver_body() {
    bool is_cut = !connection_ || is_cancelled_ || is_over_;
    bool has_something = (extras_ && !extras_->body_buffer.empty()) || is_body_complete_ || is_cut;
    if (!body_fn_ || !has_something) {
        // Nothing is read from the client that nobody has asked for.
        if (connection_) connection_->want_body(body_fn_ != nullptr && !is_body_complete_);
        return;
    }
    sluice_body_fn fn = std::exchange(body_fn_, nullptr);
    std::string piece;
    if (extras_ && !is_cut) piece.swap(extras_->body_buffer);
    const sluice_status status = is_cut ? SLUICE_CANCELLED : SLUICE_OK;
    auto give = [&, ctx = body_ctx_, is_last = is_cut || is_body_complete_] {
        fn(ctx, status, http::borrow(piece), is_last ? 1 : 0);
    };
    // What a synchronous backend waits with is the host's own.
    if (!target_->backend->is_async()) return give();
    plugin::run_callback(target_->backend->conduct(), observability::PluginFunction::kReadBody, give);
}

const sluice_request* Exchange::plugin_request() {
    std::uint32_t flags = 0;
    if (request_.is_streaming) flags |= SLUICE_REQUEST_STREAM;
    if (request_.is_json) flags |= SLUICE_REQUEST_JSON;
    if (request_.wants_usage) flags |= SLUICE_REQUEST_WANTS_USAGE;
    if (request_.is_usage_injected) flags |= SLUICE_REQUEST_USAGE_INJECTED;
    if (is_streaming_body_) flags |= SLUICE_REQUEST_BODY_STREAMED;
    plugin_request_ = {
        sizeof(sluice_request),        flags,
        http::borrow(request_.id),     http::borrow(request_.method),
        http::borrow(request_.path),   http::borrow(request_.query),
        http::borrow(request_.model),  http::borrow(request_.client_address),
        request_.headers.data(),       request_.headers.size(),
        http::borrow(request_.body()), is_streaming_body_ ? request_.content_length : request_.body().size(),
        request_.choice_count};
    return &plugin_request_;
}

sluice_loop* Exchange::loop() const noexcept { return as_plugin_loop(context_.loop); }

}  // namespace sluice::net
