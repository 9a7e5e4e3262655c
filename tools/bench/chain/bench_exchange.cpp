#include "chain/bench_exchange.hpp"

#include <algorithm>
#include <stdexcept>

#include "http/ascii_case.hpp"
#include "http/request.hpp"

namespace sluice::bench {

namespace {

using http::view;

constexpr std::string_view kBody = R"({"model":"gpt-4o-mini","messages":[{"role":"user","content":"Say hello."}]})";

BenchExchange& from(sluice_exchange* exchange) { return *reinterpret_cast<BenchExchange*>(exchange); }
const BenchExchange& from(const sluice_exchange* exchange) { return *reinterpret_cast<const BenchExchange*>(exchange); }
sluice_exchange* raw(BenchExchange& exchange) { return reinterpret_cast<sluice_exchange*>(&exchange); }

}  // namespace

/// The entries of the table, which reach into the exchange.
struct ExchangeEntries {
    static sluice_loop* loop(const sluice_exchange* exchange) noexcept { return from(exchange).loop_; }
    static const sluice_request* request(sluice_exchange* exchange) noexcept { return &from(exchange).request_; }
    static sluice_status set_request_header(sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        BenchExchange& self = from(exchange);
        if (value.len != 0) return SLUICE_E_UNSUPPORTED;
        std::erase_if(self.headers_, [&](const sluice_header& header) {
            return http::equals_ignoring_case(view(header.name), view(name));
        });
        self.request_.headers = self.headers_.data();
        self.request_.header_count = self.headers_.size();
        return SLUICE_OK;
    }
    static sluice_status set_body(sluice_exchange*, sluice_str) noexcept { return SLUICE_E_UNSUPPORTED; }
    static sluice_status set_attribute(sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        return from(exchange).attributes_.set(view(name), view(value)) ? SLUICE_OK : SLUICE_E_INVALID;
    }
    static sluice_str attribute(const sluice_exchange* exchange, sluice_str name) noexcept {
        return http::borrow(from(exchange).attributes_.find(view(name)));
    }
    static const sluice_response* response(sluice_exchange*) noexcept { return nullptr; }
    static sluice_status set_response_header(sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        auto& overrides = from(exchange).overrides_;
        const auto same = std::find_if(overrides.begin(), overrides.end(), [&](const auto& each) {
            return http::equals_ignoring_case(each.first, view(name));
        });
        if (same != overrides.end()) {
            same->second = view(value);
        } else {
            overrides.emplace_back(view(name), view(value));
        }
        return SLUICE_OK;
    }
    static sluice_status reply(sluice_exchange*, const sluice_response*, sluice_str) noexcept {
        return SLUICE_E_UNSUPPORTED;
    }
    static sluice_status refuse(sluice_exchange* exchange, const sluice_error* error) noexcept {
        from(exchange).error_code_ = view(error->code);
        return SLUICE_OK;
    }
    static sluice_status resume(sluice_exchange* exchange, sluice_verdict verdict) noexcept {
        from(exchange).resumed_with_ = verdict;
        return SLUICE_OK;
    }
    static sluice_status on_cancel(sluice_exchange*, sluice_callback_fn, void*) noexcept { return SLUICE_OK; }

    static constexpr sluice_exchange_api kTable{sizeof(sluice_exchange_api),
                                                0,
                                                &loop,
                                                &request,
                                                &set_request_header,
                                                &set_body,
                                                &set_attribute,
                                                &attribute,
                                                &response,
                                                &set_response_header,
                                                &reply,
                                                &refuse,
                                                &resume,
                                                &on_cancel};
};

BenchExchange::BenchExchange(sluice_loop* loop) : loop_(loop) {
    request_.struct_size = sizeof(request_);
    request_.request_id = http::borrow("0b8ff5c6-93cb-4f2e-9f4f-3a1d6f0c8f11");
    request_.method = http::borrow("POST");
    request_.path = http::borrow("/v1/chat/completions");
    request_.body_length = kBody.size();
    request_.choice_count = 1;
}

void BenchExchange::begin(const Caller& caller) {
    headers_.clear();
    headers_.push_back({http::borrow("Host"), http::borrow("gateway.example.com")});
    headers_.push_back({http::borrow("Accept"), http::borrow("application/json")});
    headers_.push_back({http::borrow("Content-Type"), http::borrow("application/json")});
    headers_.push_back({http::borrow("User-Agent"), http::borrow("OpenAI/JS 5.0.0")});
    if (!caller.authorization.empty()) {
        headers_.push_back({http::borrow("Authorization"), http::borrow(caller.authorization)});
    }
    if (!caller.session.empty()) {
        headers_.push_back({http::borrow("X-Claude-Session-ID"), http::borrow(caller.session)});
    }
    request_.flags = 0;
    request_.headers = headers_.data();
    request_.header_count = headers_.size();
    request_.client_address = http::borrow(caller.address);
    request_.body = {};
    request_.model = {};
    attributes_.clear();
    overrides_.clear();
    error_code_.clear();
    resumed_with_ = SLUICE_PENDING;
}

// The stores in memory answer within the call, so that a pending exchange is resumed before its hook returns.
sluice_verdict BenchExchange::settle(sluice_verdict verdict) const {
    if (verdict != SLUICE_PENDING) return verdict;
    if (resumed_with_ == SLUICE_PENDING) throw std::runtime_error("a hook waits for more than memory");
    return resumed_with_;
}

sluice_verdict BenchExchange::pass(const middleware::Chain& chain, const Caller& caller) {
    begin(caller);
    run_.reset(&chain);
    sluice_verdict verdict = SLUICE_PENDING;
    do {
        resumed_with_ = SLUICE_PENDING;
        verdict = run_.run_head(raw(*this), ExchangeEntries::kTable);
    } while (verdict == SLUICE_PENDING && settle(verdict) == SLUICE_CONTINUE);
    verdict = settle(verdict);
    if (verdict == SLUICE_CONTINUE) {
        request_.flags = SLUICE_REQUEST_JSON;
        request_.body = http::borrow(kBody);
        request_.model = http::borrow("gpt-4o-mini");
        do {
            resumed_with_ = SLUICE_PENDING;
            verdict = run_.run_request(raw(*this), ExchangeEntries::kTable);
        } while (verdict == SLUICE_PENDING && settle(verdict) == SLUICE_CONTINUE);
        verdict = settle(verdict);
    }
    run_.run_response(raw(*this), ExchangeEntries::kTable);
    sluice_summary summary{};
    summary.struct_size = sizeof(summary);
    summary.http_status = verdict == SLUICE_CONTINUE ? 200 : 401;
    summary.error_code = http::borrow(error_code_);
    run_.complete(summary);
    return verdict;
}

void BenchExchange::enter(const middleware::Chain& chain, const Caller& caller) {
    begin(caller);
    run_.reset(&chain);
    if (run_.run_head(raw(*this), ExchangeEntries::kTable) != SLUICE_CONTINUE) {
        throw std::runtime_error("the chain lets nobody in");
    }
}

std::size_t BenchExchange::pass_chunk(std::string_view data) {
    if (!run_.wants_chunks()) return data.size();
    return run_.run_chunk(raw(*this), ExchangeEntries::kTable, {}, data).text.size();
}

void BenchExchange::complete() {
    sluice_summary summary{};
    summary.struct_size = sizeof(summary);
    summary.http_status = 200;
    run_.complete(summary);
}

}  // namespace sluice::bench
