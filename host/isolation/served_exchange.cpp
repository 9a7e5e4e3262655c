#include "isolation/served_exchange.hpp"

#include <new>
#include <optional>

#include "http/ascii_case.hpp"
#include "http/request.hpp"
#include "isolation/shared_attributes.hpp"

namespace sluice::isolation {

namespace {

using http::view;

bool is_header_line(std::string_view name, std::string_view value) {
    return http::is_token(name) && http::is_header_value(value);
}

template <class Work>
sluice_status guarded_edit(Work&& work) noexcept {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

void append_replacement(void* ctx, sluice_str text) noexcept { static_cast<std::string*>(ctx)->append(view(text)); }

}  // namespace

const sluice_exchange_api ServedExchange::kTable{
    sizeof(sluice_exchange_api),
    0,
    [](const sluice_exchange* exchange) noexcept { return from(exchange).loop_.raw(); },
    [](sluice_exchange* exchange) noexcept { return from(exchange).request(); },
    [](sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        return guarded_edit([&] { return from(exchange).set_request_header(view(name), view(value)); });
    },
    [](sluice_exchange* exchange, sluice_str json) noexcept {
        return guarded_edit([&] { return from(exchange).set_body(view(json)); });
    },
    [](sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        return guarded_edit([&] { return from(exchange).set_attribute(view(name), view(value)); });
    },
    [](const sluice_exchange* exchange, sluice_str name) noexcept {
        return http::borrow(from(exchange).attributes_.find(view(name)));
    },
    [](sluice_exchange* exchange) noexcept { return from(exchange).response_; },
    [](sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        return guarded_edit([&] { return from(exchange).set_response_header(view(name), view(value)); });
    },
    [](sluice_exchange* exchange, const sluice_response* response, sluice_str body) noexcept {
        return guarded_edit([&] { return from(exchange).reply(*response, view(body)); });
    },
    [](sluice_exchange* exchange, const sluice_error* error) noexcept {
        return guarded_edit([&]() -> sluice_status { return from(exchange).edits_.refuse(*error), SLUICE_OK; });
    },
    [](sluice_exchange* exchange, sluice_verdict verdict) noexcept {
        return guarded_edit([&] { return from(exchange).resume(verdict); });
    },
    [](sluice_exchange* exchange, sluice_callback_fn fn, void* ctx) noexcept -> sluice_status {
        from(exchange).cancel_fn_ = fn;
        from(exchange).cancel_ctx_ = ctx;
        return SLUICE_OK;
    },
};

ServedExchange::ServedExchange(const Loop& loop, std::shared_ptr<Channel> channel, std::uint64_t id,
                               const plugin::MiddlewareInstance& middleware)
    : loop_(loop), channel_(std::move(channel)), id_(id), middleware_(middleware) {}

// {u8 has request, [attributes, text with the request]}: as RelayedExchange writes it.
void ServedExchange::read_head(PayloadReader& in) {
    if (in.get<std::uint8_t>() == 0) return;
    attributes_.clear();
    read_attributes(in, attributes_);
    head_ = in.text();
    PayloadReader head(head_);
    const ReadRequest read = read_request(head);
    request_ = read.request;
    headers_.clear();
    for (const sluice_header& header : read.headers) headers_.emplace_back(view(header.name), view(header.value));
}

bool ServedExchange::run_head(PayloadReader in) {
    read_head(in);
    if (!in.is_whole()) return false;
    phase_ = Phase::kHead;
    answer_verdict(middleware_.api().on_head(middleware_.handle(), &slot_, raw(), &kTable));
    return true;
}

bool ServedExchange::run_request(PayloadReader in) {
    read_head(in);
    const std::string_view body = in.rest();
    body_.reserve(body.size() + SLUICE_BODY_PADDING);
    body_.assign(body).append(SLUICE_BODY_PADDING, '\0');
    body_bytes_ = body.size();
    if (!in.is_whole()) return false;
    phase_ = Phase::kRequest;
    answer_verdict(middleware_.api().on_request(middleware_.handle(), &slot_, raw(), &kTable));
    return true;
}

void ServedExchange::answer_verdict(sluice_verdict verdict) {
    is_pending_ = verdict == SLUICE_PENDING;
    if (is_pending_) return;
    cancel_fn_ = nullptr;
    if (phase_ == Phase::kRequest) {
        // The backend's from here on.
        std::string().swap(body_);
        body_bytes_ = 0;
    }
    channel_->send(FrameKind::kVerdict, id_, [&](PayloadWriter& out) { out.put(verdict).put(edits_.take()); });
}

sluice_status ServedExchange::resume(sluice_verdict verdict) {
    return loop_.post([self = shared_from_this(), verdict]() noexcept {
        if (self->is_pending_) self->answer_verdict(verdict == SLUICE_PENDING ? SLUICE_CONTINUE : verdict);
    });
}

void ServedExchange::cancel_pending() {
    if (const auto fn = std::exchange(cancel_fn_, nullptr); fn != nullptr && is_pending_) fn(cancel_ctx_);
}

bool ServedExchange::run_response(PayloadReader in) {
    read_head(in);
    ReadResponse read = read_response(in);
    if (!in.is_whole()) return false;
    read.response.headers = read.headers.data();
    read.response.header_count = read.headers.size();
    phase_ = Phase::kResponse;
    response_ = &read.response;
    middleware_.api().on_response(middleware_.handle(), &slot_, raw(), &kTable);
    response_ = nullptr;
    channel_->send(FrameKind::kResponseDone, id_, [&](PayloadWriter& out) { out.put(edits_.take()); });
    return true;
}

bool ServedExchange::run_chunk(PayloadReader in) {
    read_head(in);
    const sluice_str name = in.abi_text();
    const std::string_view data = in.rest();
    if (!in.is_whole()) return false;
    phase_ = Phase::kChunk;
    std::string replacement;
    const sluice_chunk_verdict verdict = middleware_.api().on_chunk(
        middleware_.handle(), &slot_, raw(), &kTable, name, http::borrow(data), {&replacement, append_replacement});
    channel_->send(FrameKind::kChunkVerdict, id_, [&](PayloadWriter& out) {
        out.put(verdict).put(edits_.take()).put_rest(http::borrow(replacement));
    });
    return true;
}

bool ServedExchange::complete(PayloadReader in) {
    auto [summary, usage] = read_summary(in);
    if (!in.is_whole()) return false;
    summary.usage = usage ? &*usage : nullptr;
    if (middleware_.api().on_complete) middleware_.api().on_complete(middleware_.handle(), slot_, &summary);
    return true;
}

const sluice_request* ServedExchange::request() {
    header_views_.clear();
    for (const auto& [name, value] : headers_) header_views_.push_back({http::borrow(name), http::borrow(value)});
    request_.headers = header_views_.data();
    request_.header_count = header_views_.size();
    request_.body = {body_.data(), body_bytes_};
    return &request_;
}

sluice_status ServedExchange::set_request_header(std::string_view name, std::string_view value) {
    if (phase_ != Phase::kHead && phase_ != Phase::kRequest) return SLUICE_E_STATE;
    if (!is_header_line(name, value)) return SLUICE_E_INVALID;
    edits_.set_request_header(name, value);
    std::erase_if(headers_, [name](const auto& each) { return http::equals_ignoring_case(each.first, name); });
    if (!value.empty()) headers_.emplace_back(name, value);
    return SLUICE_OK;
}

sluice_status ServedExchange::set_body(std::string_view json) {
    const bool is_json = (request_.flags & SLUICE_REQUEST_JSON) != 0;
    if (phase_ != Phase::kRequest || !is_json) return SLUICE_E_STATE;
    edits_.set_body(json);
    std::string body(json);
    body_bytes_ = body.size();
    body_ = std::move(body.append(SLUICE_BODY_PADDING, '\0'));
    request_.body_length = body_bytes_;
    return SLUICE_OK;
}

sluice_status ServedExchange::set_attribute(std::string_view name, std::string_view value) {
    if (!attributes_.set(name, value)) return SLUICE_E_INVALID;
    edits_.set_attribute(name, value);
    return SLUICE_OK;
}

sluice_status ServedExchange::set_response_header(std::string_view name, std::string_view value) {
    if (phase_ == Phase::kChunk) return SLUICE_E_STATE;
    if (!is_header_line(name, value)) return SLUICE_E_INVALID;
    edits_.set_response_header(name, value);
    return SLUICE_OK;
}

sluice_status ServedExchange::reply(const sluice_response& response, std::string_view body) {
    if (response.http_status < 200 || response.http_status > 599) return SLUICE_E_INVALID;
    edits_.reply(response, body);
    return SLUICE_OK;
}

}  // namespace sluice::isolation
