// What middleware may do with an exchange: the table of sluice/ext/middleware.h over Exchange.
#include <algorithm>
#include <new>

#include "http/ascii_case.hpp"
#include "net/connection_handler.hpp"
#include "net/exchange.hpp"
#include "plugin/plugin_entry.hpp"
#include "plugin/plugin_failure.hpp"

namespace sluice::net {

namespace {

using http::view;

constexpr std::size_t kMaxOverrides = 64;

Exchange& from(sluice_exchange* exchange) { return *reinterpret_cast<Exchange*>(exchange); }
const Exchange& from(const sluice_exchange* exchange) { return *reinterpret_cast<const Exchange*>(exchange); }

template <class Work>
sluice_status guarded(Work&& work) noexcept {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

bool is_header_line(std::string_view name, std::string_view value) {
    return http::is_token(name) && http::is_header_value(value);
}

constexpr sluice_exchange_api kTable{
    sizeof(sluice_exchange_api),
    0,
    [](const sluice_exchange* exchange) noexcept { return from(exchange).loop(); },
    [](sluice_exchange* exchange) noexcept { return from(exchange).plugin_request(); },
    [](sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        return guarded([&] { return from(exchange).set_request_header(view(name), view(value)); });
    },
    [](sluice_exchange* exchange, sluice_str json) noexcept {
        return guarded([&] { return from(exchange).set_body(view(json)); });
    },
    [](sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        return guarded([&] { return from(exchange).set_attribute(view(name), view(value)); });
    },
    [](const sluice_exchange* exchange, sluice_str name) noexcept {
        return http::borrow(from(exchange).attributes().find(view(name)));
    },
    [](sluice_exchange* exchange) noexcept { return from(exchange).plugin_response(); },
    [](sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        return guarded([&] { return from(exchange).set_response_header(view(name), view(value)); });
    },
    [](sluice_exchange* exchange, const sluice_response* response, sluice_str body) noexcept {
        return guarded([&] { return from(exchange).reply(*response, view(body)); });
    },
    [](sluice_exchange* exchange, const sluice_error* error) noexcept {
        return guarded([&] { return from(exchange).refuse_with(*error); });
    },
    [](sluice_exchange* exchange, sluice_verdict verdict) noexcept {
        return guarded([&] { return from(exchange).resume(verdict); });
    },
    [](sluice_exchange* exchange, sluice_callback_fn fn, void* ctx) noexcept {
        return guarded([&] { return from(exchange).when_pending_cancelled(fn, ctx); });
    },
};

}  // namespace

const sluice_exchange_api& exchange_table() noexcept { return kTable; }

sluice_status Exchange::set_request_header(std::string_view name, std::string_view value) {
    if (phase_ == Phase::kBackend || phase_ == Phase::kOver) return SLUICE_E_STATE;
    if (!is_header_line(name, value)) return SLUICE_E_INVALID;
    return request_.set_header(name, value) ? SLUICE_OK : SLUICE_E_NO_MEMORY;
}

sluice_status Exchange::set_body(std::string_view json) {
    if (phase_ != Phase::kRequest || is_streaming_body_ || !request_.is_json) return SLUICE_E_STATE;
    std::string before(request_.body());
    request_.set_body(json);
    request_.forget_json();
    if (!context_.json().read(request_)) return SLUICE_OK;
    request_.set_body(before);
    request_.forget_json();
    context_.json().read(request_);
    return SLUICE_E_INVALID;
}

sluice_status Exchange::set_attribute(std::string_view name, std::string_view value) {
    return attributes_.set(name, value) ? SLUICE_OK : SLUICE_E_INVALID;
}

sluice_status Exchange::set_response_header(std::string_view name, std::string_view value) {
    if (has_given_) return SLUICE_E_STATE;
    if (!is_header_line(name, value) || is_reserved_header(name)) return SLUICE_E_INVALID;
    auto same = std::find_if(overrides_.begin(), overrides_.end(),
                             [&](auto& each) { return http::equals_ignoring_case(each.first, name); });
    if (same != overrides_.end()) {
        same->second = value;
        return SLUICE_OK;
    }
    if (overrides_.size() >= kMaxOverrides) return SLUICE_E_INVALID;
    overrides_.emplace_back(name, value);
    return SLUICE_OK;
}

sluice_status Exchange::reply(const sluice_response& response, std::string_view body) {
    if (response.http_status < 200 || response.http_status > 599) return SLUICE_E_INVALID;
    http::Answer answer;
    answer.status = response.http_status;
    answer.content_type = view(response.content_type);
    answer.body = body;
    for (std::size_t i = 0; i < response.header_count; ++i) {
        answer.headers.emplace_back(view(response.headers[i].name), view(response.headers[i].value));
    }
    extras().reply = std::move(answer);
    return SLUICE_OK;
}

sluice_status Exchange::refuse_with(const sluice_error& error) {
    const auto failure = plugin::failure_of(error);
    // The answer is there, so that nothing is refused any more: all that this says is that the hook has failed.
    plugin::Conduct* const inside = plugin::entry_slot.current();
    if (failure && hook_response_ && inside) {
        inside->misbehaved(*failure);
        return SLUICE_OK;
    }
    extras().refusal = http::wire_error_of(error);
    extras().refusal_failure = failure;
    return SLUICE_OK;
}

sluice_status Exchange::resume(sluice_verdict verdict) {
    // Who resumes has done with it, and may have freed what the callback would use, before what is posted here runs.
    if (context_.loop.is_current()) on_pending_cancel_ = {};
    bool is_posted = post([this, verdict] {
        is_pending_ = false;
        on_pending_cancel_ = {};
        // Of a request that is over it stays pending: that is what it was waiting for.
        chain_.resumed(is_over_ ? SLUICE_PENDING : verdict, is_pending_on_head_,
                       std::chrono::nanoseconds(context_.loop.now_ns() - pending_since_ns_));
        if (is_over_ || is_orphan_) return recycle_if_orphaned();
        // After CONTINUE the links behind the one that was pending have their turn.
        if (verdict != SLUICE_REPLY && verdict != SLUICE_REFUSE) {
            is_pending_on_head_ ? run_head_hooks() : run_request_hooks();
        } else {
            on_verdict(verdict, is_pending_on_head_);
        }
        if (connection_) connection_->take_buffered();
    });
    return is_posted ? SLUICE_OK : SLUICE_CANCELLED;
}

sluice_status Exchange::when_pending_cancelled(sluice_callback_fn fn, void* ctx) {
    on_pending_cancel_ = {fn, ctx};
    return SLUICE_OK;
}

}  // namespace sluice::net
