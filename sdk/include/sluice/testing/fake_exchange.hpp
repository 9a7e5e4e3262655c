// The host's side of one request and its answer, for one middleware.
#pragma once

#include "sluice/cpp/headers.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/middleware.h"
#include "sluice/testing/fake_host.hpp"
#include "sluice/testing/fake_request.hpp"
#include "sluice/testing/recorded_answer.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// Takes down what a middleware does with an exchange. Drive it with LoadedMiddleware.
class FakeExchange {
public:
    enum class Phase { kHead, kRequest, kResponse, kChunk };
    using Header = std::pair<std::string, std::string>;

    FakeExchange(FakeHost& host, FakeRequest request) : host_(host), request_(std::move(request)) {}
    FakeExchange(const FakeExchange&) = delete;
    FakeExchange& operator=(const FakeExchange&) = delete;

    // What the middleware did.
    // Request headers it set, in order; an empty value stands for a removal.
    const std::vector<Header>& request_changes() const noexcept { return request_changes_; }
    std::optional<std::string> request_header(std::string_view name) {
        const sluice_request* request = request_.to_abi();
        const auto found = Headers(request->headers, request->header_count).find(name);
        return found ? std::optional<std::string>(*found) : std::nullopt;
    }
    std::optional<std::string> response_header(std::string_view name) const { return response_.header(name); }
    // The body it set.
    const std::optional<std::string>& new_body() const noexcept { return new_body_; }
    std::string attribute(const std::string& name) const {
        const auto found = attributes_.find(name);
        return found == attributes_.end() ? std::string() : found->second;
    }
    // Its reply or its error.
    const std::optional<RecordedHead>& reply_head() const noexcept { return reply_head_; }
    const std::string& reply_body() const noexcept { return reply_body_; }
    const std::optional<RecordedError>& error() const noexcept { return error_; }
    // What it resumed with after PENDING.
    std::optional<sluice_verdict> resumed_with() const {
        return is_resumed_ ? std::optional<sluice_verdict>(resumed_with_) : std::nullopt;
    }

    // An attribute that earlier middleware has set.
    void set_attribute(const std::string& name, std::string value) { attributes_[name] = std::move(value); }
    // The answer's head, before LoadedMiddleware::on_response().
    void set_response(int http_status, std::string content_type, bool is_events = false) {
        response_.http_status = http_status;
        response_.content_type = std::move(content_type);
        response_.is_events = is_events;
        has_response_ = true;
    }
    void set_response_header(std::string_view name, std::string_view value) { change(response_.headers, name, value); }
    // The client leaves while the exchange is pending.
    void cancel() {
        if (cancel_fn_ != nullptr) {
            host_.loop().post([this, alive = std::weak_ptr<int>(alive_)] {
                if (alive.lock() && cancel_fn_ != nullptr && !is_resumed_) {
                    std::exchange(cancel_fn_, nullptr)(cancel_ctx_);
                }
            });
        }
    }
    // The client leaves just when the exchange is resumed: resume(), called on the loop, runs the callback that is
    // still set, as a host may that knows nothing of it yet.
    void cancel_upon_resume() noexcept { leaves_upon_resume_ = true; }

    // For LoadedMiddleware and tests of the C ABI.
    sluice_exchange* raw() noexcept { return reinterpret_cast<sluice_exchange*>(this); }
    void enter(Phase phase) noexcept {
        phase_ = phase;
        is_resumed_ = false;
        is_pending_ = true;  // from here on resume() may come, even before the hook has returned
    }
    // Checks a verdict against what was given, and waits for a pending one. The verdict that counts.
    sluice_verdict settle(sluice_verdict verdict) {
        if (verdict == SLUICE_PENDING) {
            if (!host_.loop().run_until([this] { return is_resumed_.load(); })) {
                host_.breaches().add("a pending exchange was not resumed within 5 s");
                return SLUICE_REFUSE;
            }
            verdict = resumed_with_;
        } else if (is_resumed_) {
            host_.breaches().add("resume() was called for an exchange that was not pending");
        }
        is_pending_ = false;
        if (verdict == SLUICE_REPLY && !reply_head_) {
            host_.breaches().add("the verdict is REPLY, but reply() was not called");
        }
        if (verdict == SLUICE_REFUSE) {
            check_error("REFUSE");
        }
        return verdict;
    }
    void check_error(const char* verdict) {
        if (!error_) {
            host_.breaches().add(std::string("the verdict is ") + verdict + ", but refuse() was not called");
        }
    }
    // The middleware's slot.
    void** slot() noexcept { return &slot_; }

    static const sluice_exchange_api& table() noexcept {
        static const sluice_exchange_api kTable = {sizeof(sluice_exchange_api),
                                                   0,
                                                   &loop,
                                                   &request,
                                                   &set_request_header,
                                                   &set_body,
                                                   &set_attribute_entry,
                                                   &attribute_entry,
                                                   &response,
                                                   &set_response_header_entry,
                                                   &reply,
                                                   &refuse,
                                                   &resume,
                                                   &on_cancel};
        return kTable;
    }

    static constexpr std::size_t kMaxAttributes = 16;
    static constexpr std::size_t kMaxAttributeBytes = 1024;

private:
    static FakeExchange& self(const sluice_exchange* exchange) noexcept {
        return *reinterpret_cast<FakeExchange*>(const_cast<sluice_exchange*>(exchange));
    }
    // False, with a breach, where the present phase is beyond `last`.
    bool check_phase(const char* what, Phase last) {
        host_.loop().check_thread(what);
        if (phase_ > last) {
            host_.breaches().add(std::string(what) + " came too late");
        }
        return phase_ <= last;
    }
    static bool fits_header(std::string_view name, std::string_view value) noexcept {
        const bool is_token = !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
            return letter > ' ' && letter < 0x7F &&
                   std::string_view("\"(),/:;<=>?@[\\]{}").find(letter) == std::string_view::npos;
        });
        return is_token && value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
    }
    static void change(std::vector<Header>& headers, std::string_view name, std::string_view value) {
        headers.erase(std::remove_if(headers.begin(), headers.end(),
                                     [name](const Header& header) { return equals_ignoring_case(header.first, name); }),
                      headers.end());
        if (!value.empty()) {
            headers.emplace_back(name, value);
        }
    }

    static sluice_loop* loop(const sluice_exchange* exchange) noexcept { return self(exchange).host_.loop().raw(); }
    static const sluice_request* request(sluice_exchange* exchange) noexcept {
        FakeExchange& me = self(exchange);
        const sluice_request* whole = me.request_.to_abi();
        if (me.phase_ != Phase::kHead) {
            return whole;
        }
        me.head_only_ = *whole;
        me.head_only_.body = sluice_str{nullptr, 0};
        me.head_only_.model = sluice_str{nullptr, 0};
        me.head_only_.flags = 0;
        return &me.head_only_;
    }
    static sluice_status set_request_header(sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        FakeExchange& me = self(exchange);
        if (!me.check_phase("set_request_header()", Phase::kRequest)) {
            return SLUICE_E_STATE;
        }
        if (!fits_header(to_view(name), to_view(value))) {
            return SLUICE_E_INVALID;
        }
        me.request_changes_.emplace_back(to_view(name), to_view(value));
        me.request_.set_header(to_view(name), to_view(value));
        return SLUICE_OK;
    }
    static sluice_status set_body(sluice_exchange* exchange, sluice_str json) noexcept {
        FakeExchange& me = self(exchange);
        if (!me.check_phase("set_body()", Phase::kRequest)) {
            return SLUICE_E_STATE;
        }
        const std::string_view text = to_view(json);
        if (me.phase_ == Phase::kHead || text.size() < 2 || text.front() != '{' || text.back() != '}') {
            return me.phase_ == Phase::kHead ? SLUICE_E_STATE : SLUICE_E_INVALID;
        }
        me.new_body_ = std::string(text);
        me.request_.set_body(*me.new_body_);
        return SLUICE_OK;
    }
    static sluice_status set_attribute_entry(sluice_exchange* exchange, sluice_str name, sluice_str value) noexcept {
        FakeExchange& me = self(exchange);
        me.check_phase("set_attribute()", Phase::kChunk);
        const bool is_new = me.attributes_.count(std::string(to_view(name))) == 0;
        if (value.len > kMaxAttributeBytes || (is_new && me.attributes_.size() == kMaxAttributes)) {
            return SLUICE_E_INVALID;
        }
        me.attributes_[std::string(to_view(name))] = to_view(value);
        return SLUICE_OK;
    }
    static sluice_str attribute_entry(const sluice_exchange* exchange, sluice_str name) noexcept {
        const FakeExchange& me = self(exchange);
        const auto found = me.attributes_.find(std::string(to_view(name)));
        return found == me.attributes_.end() ? sluice_str{nullptr, 0} : to_str(found->second);
    }
    static const sluice_response* response(sluice_exchange* exchange) noexcept {
        FakeExchange& me = self(exchange);
        if (!me.has_response_) {
            return nullptr;
        }
        me.response_list_.clear();
        for (const Header& header : me.response_.headers) {
            me.response_list_.push_back(sluice_header{to_str(header.first), to_str(header.second)});
        }
        me.response_abi_ = {sizeof(sluice_response),
                            me.response_.is_events ? static_cast<std::uint32_t>(SLUICE_RESPONSE_EVENTS) : 0u,
                            me.response_.http_status,
                            0,
                            me.response_.content_length,
                            to_str(me.response_.content_type),
                            me.response_list_.data(),
                            me.response_list_.size()};
        return &me.response_abi_;
    }
    static sluice_status set_response_header_entry(sluice_exchange* exchange, sluice_str name,
                                                   sluice_str value) noexcept {
        FakeExchange& me = self(exchange);
        if (!me.check_phase("set_response_header()", Phase::kResponse)) {
            return SLUICE_E_STATE;
        }
        if (!fits_header(to_view(name), to_view(value))) {
            return SLUICE_E_INVALID;
        }
        me.set_response_header(to_view(name), to_view(value));
        return SLUICE_OK;
    }
    static sluice_status reply(sluice_exchange* exchange, const sluice_response* response, sluice_str body) noexcept {
        FakeExchange& me = self(exchange);
        if (!me.check_phase("reply()", Phase::kRequest)) {
            return SLUICE_E_STATE;
        }
        me.reply_head_ = record_head(*response, me.host_.breaches());
        me.reply_body_ = to_view(body);
        return SLUICE_OK;
    }
    static sluice_status refuse(sluice_exchange* exchange, const sluice_error* error) noexcept {
        FakeExchange& me = self(exchange);
        me.check_phase("refuse()", Phase::kChunk);
        me.error_ = record_error(*error, me.host_.breaches());
        return SLUICE_OK;
    }
    static sluice_status resume(sluice_exchange* exchange, sluice_verdict verdict) noexcept {
        FakeExchange& me = self(exchange);
        if (!me.is_pending_ || me.is_resumed_ || verdict == SLUICE_PENDING) {
            me.host_.breaches().add("resume() was called twice, for an exchange that is not pending, or with PENDING");
            return SLUICE_E_STATE;
        }
        me.resumed_with_ = verdict;
        me.is_resumed_ = true;
        if (me.leaves_upon_resume_ && me.cancel_fn_ != nullptr) {
            std::exchange(me.cancel_fn_, nullptr)(me.cancel_ctx_);
        }
        return SLUICE_OK;
    }
    static sluice_status on_cancel(sluice_exchange* exchange, sluice_callback_fn fn, void* ctx) noexcept {
        FakeExchange& me = self(exchange);
        me.check_phase("on_cancel()", Phase::kRequest);
        me.cancel_fn_ = fn;
        me.cancel_ctx_ = ctx;
        return SLUICE_OK;
    }

    FakeHost& host_;
    FakeRequest request_;
    sluice_request head_only_{};
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
    Phase phase_ = Phase::kHead;
    void* slot_ = nullptr;
    std::vector<Header> request_changes_;
    std::optional<std::string> new_body_;
    std::map<std::string, std::string> attributes_;
    bool has_response_ = false;
    RecordedHead response_;
    std::vector<sluice_header> response_list_;
    sluice_response response_abi_{};
    std::optional<RecordedHead> reply_head_;
    std::string reply_body_;
    std::optional<RecordedError> error_;
    std::atomic<bool> is_pending_{false};
    std::atomic<bool> is_resumed_{false};
    std::atomic<sluice_verdict> resumed_with_{SLUICE_CONTINUE};
    sluice_callback_fn cancel_fn_ = nullptr;
    void* cancel_ctx_ = nullptr;
    bool leaves_upon_resume_ = false;
};

}  // namespace testing
}  // namespace sluice
