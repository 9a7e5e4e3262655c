// The host's side of one call to a backend, with a client in the test's hands.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/cpp/usage.hpp"
#include "sluice/ext/backend.h"
#include "sluice/testing/fake_body.hpp"
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
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// Takes down what a backend answers. At first the client takes everything at once; set_queue_mark() makes it slow, and
// client_takes() lets it read. Start it with LoadedBackend::start(); all else belongs to the test's thread.
class FakeCall {
public:
    FakeCall(FakeHost& host, FakeRequest request) : host_(host), request_(std::move(request)) {}
    FakeCall(const FakeCall&) = delete;
    FakeCall& operator=(const FakeCall&) = delete;
    ~FakeCall() {
        if (is_started_ && !is_ended_) {
            host_.breaches().add("a call got no terminal call");
        }
    }

    // The answer.
    bool is_ended() const noexcept { return is_ended_; }
    bool is_finished() const noexcept { return is_ended_ && !error_; }
    const std::optional<RecordedHead>& head() const noexcept { return head_; }
    const std::optional<RecordedError>& error() const noexcept { return error_; }
    const std::optional<Usage>& usage() const noexcept { return usage_; }
    // Bytes of the body; of events, their data is in events().
    const std::string& body() const noexcept { return body_; }
    const std::vector<RecordedEvent>& events() const noexcept { return events_; }
    // What middleware would have set, and what the backend has set.
    void set_attribute(const std::string& name, std::string value) { attributes_[name] = std::move(value); }
    std::string attribute(const std::string& name) const {
        const auto found = attributes_.find(name);
        return found == attributes_.end() ? std::string() : found->second;
    }
    bool is_body_released() const noexcept { return is_body_released_; }
    // Runs the loop until the terminal call, at most 5 s of real time. False if it did not come.
    bool run_to_end() {
        return host_.loop().run_until([this] { return is_ended_; });
    }

    // The client. Above `bytes` of answer that it has not taken, writes give SLUICE_FULL (asynchronous) or wait
    // (synchronous: the client then takes all).
    void set_queue_mark(std::size_t bytes) noexcept { queue_mark_ = bytes; }
    std::size_t queued_bytes() const noexcept { return queued_bytes_; }
    // How often a synchronous backend had to wait.
    int waits() const noexcept { return waits_; }
    // Writes that came although the last one gave SLUICE_FULL and on_writable had not run.
    int writes_while_full() const noexcept { return writes_while_full_; }
    void client_takes(std::size_t bytes) {
        queued_bytes_ -= std::min(bytes, queued_bytes_);
        wake_writer();
    }
    // The client leaves, or a deadline passes.
    void cancel() {
        if (!is_ended_ && !is_cancelled_.exchange(true)) {
            run_cancel_callback();
            streamed_body_.deliver(true);
        }
    }
    // Cancels at the write or event of this number; 1 is the first.
    void cancel_at_write(int number) noexcept { cancel_at_write_ = number; }

    // The client sends a piece of a request body that is streamed.
    void send_body(std::string_view bytes, bool is_last = false) {
        streamed_body_.add(SLUICE_OK, bytes, is_last);
        streamed_body_.deliver(is_cancelled_);
    }
    // The client breaks off in the middle of the body.
    void break_body() {
        streamed_body_.add(SLUICE_CANCELLED, {}, false);
        streamed_body_.deliver(is_cancelled_);
    }
    bool is_body_wanted() const noexcept { return streamed_body_.is_wanted(); }

    // For LoadedBackend and tests of the C ABI.
    sluice_call* raw() noexcept { return reinterpret_cast<sluice_call*>(this); }
    const sluice_request* request() { return request_.to_abi(); }
    void mark_started(bool is_asynchronous) {
        is_started_ = true;
        is_asynchronous_ = is_asynchronous;
        thread_ = std::this_thread::get_id();
    }
    // What the host does when start() returns `status`.
    void check_after_start(sluice_status status) {
        if (is_ended_) {
            return;
        }
        if (status < 0) {
            error_ = RecordedError{"internal_error", "", "", "start() gave " + std::to_string(status), 0, 0, 0};
            is_ended_ = true;
        } else if (!is_asynchronous_) {
            host_.breaches().add("a synchronous start() returned without a terminal call");
            is_ended_ = true;
        }
    }
    static const sluice_call_api& table() noexcept {
        static const sluice_call_api kTable = {sizeof(sluice_call_api),
                                               0,
                                               &loop,
                                               &begin,
                                               &write,
                                               &write_event,
                                               &on_writable,
                                               &on_cancel,
                                               &is_cancelled,
                                               &read_body,
                                               &release_body,
                                               &finish,
                                               &fail,
                                               &attribute_entry,
                                               &set_attribute_entry};
        return kTable;
    }

    // By how much a queue may stand above its mark before the host ends the call: one event of the largest size.
    static constexpr std::size_t kMaxOverrun = std::size_t{16} * 1024 * 1024;

private:
    static FakeCall& self(const sluice_call* call) noexcept {
        return *reinterpret_cast<FakeCall*>(const_cast<sluice_call*>(call));
    }
    // False, with a breach, where `what` may not be called now at all.
    bool check_use(const char* what) {
        const std::string name = what;
        if (std::this_thread::get_id() != thread_) {
            host_.breaches().add(name + " was called on another thread than the call's");
        }
        if (is_ended_) {
            host_.breaches().add(name + " was called after the terminal call");
        }
        return !is_ended_;
    }
    sluice_status breach(const std::string& sentence) {
        host_.breaches().add(sentence);
        return SLUICE_E_STATE;
    }
    static sluice_loop* loop(const sluice_call* call) noexcept {
        FakeCall& me = self(call);
        me.check_use("loop()");
        return me.is_asynchronous_ ? me.host_.loop().raw() : nullptr;
    }
    static sluice_status begin(sluice_call* call, const sluice_response* response) noexcept {
        FakeCall& me = self(call);
        if (!me.check_use("begin()")) {
            return SLUICE_E_STATE;
        }
        if (me.head_) {
            return me.breach("begin() was called twice");
        }
        me.head_ = record_head(*response, me.host_.breaches());
        return me.is_cancelled_ ? SLUICE_CANCELLED : SLUICE_OK;
    }
    static sluice_status write(sluice_call* call, sluice_str bytes) noexcept {
        FakeCall& me = self(call);
        if (!me.check_use("write()")) {
            return SLUICE_E_STATE;
        }
        if (!me.head_ || me.head_->is_events) {
            return me.breach(me.head_ ? "write() was called on a stream of events"
                                      : "write() was called before begin()");
        }
        if (bytes.len > me.head_->content_length - me.body_.size()) {
            return me.breach("write() goes beyond the content length of " + std::to_string(me.head_->content_length));
        }
        if (me.is_refused()) {
            return SLUICE_CANCELLED;
        }
        me.body_ += to_view(bytes);
        return me.enqueue(bytes.len);
    }
    static sluice_status write_event(sluice_call* call, sluice_str name, sluice_str data) noexcept {
        FakeCall& me = self(call);
        if (!me.check_use("write_event()")) {
            return SLUICE_E_STATE;
        }
        if (!me.head_ || !me.head_->is_events) {
            return me.breach(me.head_ ? "write_event() was called on a body"
                                      : "write_event() was called before begin()");
        }
        const std::string_view text = to_view(data);
        if (text.find_first_of("\r\n") != std::string_view::npos || text == "[DONE]") {
            me.breach("the data of an event is one JSON value without line ends, found \"" + std::string(text) + "\"");
        }
        if (me.is_refused()) {
            return SLUICE_CANCELLED;
        }
        me.events_.push_back(RecordedEvent{std::string(to_view(name)), std::string(text)});
        return me.enqueue(data.len);
    }
    // Counts a write, and cancels where the test has planned it.
    bool is_refused() {
        if (++writes_ == cancel_at_write_) {
            cancel();
        }
        return is_cancelled_;
    }
    sluice_status enqueue(std::size_t bytes) {
        writes_while_full_ += is_full_ ? 1 : 0;
        queued_bytes_ += queue_mark_ ? bytes : 0;
        is_full_ = is_above_mark();
        if (!is_full_) {
            return SLUICE_OK;
        }
        if (!is_asynchronous_) {
            ++waits_;
            queued_bytes_ = 0;
            is_full_ = false;
            return SLUICE_OK;
        }
        if (queued_bytes_ > *queue_mark_ + kMaxOverrun) {
            host_.breaches().add("the backend writes on although the client's queue is full");
            cancel();
            return SLUICE_CANCELLED;
        }
        return SLUICE_FULL;
    }

    static sluice_status on_writable(sluice_call* call, sluice_callback_fn fn, void* ctx) noexcept {
        FakeCall& me = self(call);
        if (!me.check_use("on_writable()")) {
            return SLUICE_E_STATE;
        }
        if (!me.is_asynchronous_) {
            me.breach("on_writable() was called by a synchronous backend");
            return SLUICE_E_UNSUPPORTED;
        }
        me.writable_fn_ = fn;
        me.writable_ctx_ = ctx;
        me.wake_writer();
        return SLUICE_OK;
    }
    bool is_above_mark() const noexcept { return queue_mark_ && queued_bytes_ > *queue_mark_; }
    void wake_writer() {
        if (writable_fn_ != nullptr && !is_above_mark()) {
            post([this] {
                if (writable_fn_ != nullptr && !is_above_mark()) {
                    is_full_ = false;
                    std::exchange(writable_fn_, nullptr)(writable_ctx_);
                }
            });
        }
    }
    // Runs `work` soon on the loop, unless this call has ended or is gone by then.
    template <class Work>
    void post(Work work) {
        host_.loop().post([this, alive = std::weak_ptr<int>(alive_), work] {
            if (alive.lock() && !is_ended_) {
                work();
            }
        });
    }

    static sluice_status on_cancel(sluice_call* call, sluice_callback_fn fn, void* ctx) noexcept {
        FakeCall& me = self(call);
        if (!me.check_use("on_cancel()")) {
            return SLUICE_E_STATE;
        }
        me.cancel_fn_ = fn;
        me.cancel_ctx_ = ctx;
        if (me.is_cancelled_) {
            me.run_cancel_callback();
        }
        return SLUICE_OK;
    }
    void run_cancel_callback() {
        if (is_asynchronous_) {
            post([this] {
                if (cancel_fn_ != nullptr) {
                    std::exchange(cancel_fn_, nullptr)(cancel_ctx_);
                }
            });
        } else if (const sluice_callback_fn fn = std::exchange(cancel_fn_, nullptr)) {
            std::thread([fn, ctx = cancel_ctx_] { fn(ctx); }).join();
        }
    }
    static std::int32_t is_cancelled(const sluice_call* call) noexcept {
        FakeCall& me = self(call);
        me.check_use("is_cancelled()");
        return me.is_cancelled_ ? 1 : 0;
    }

    static sluice_status read_body(sluice_call* call, sluice_body_fn fn, void* ctx) noexcept {
        FakeCall& me = self(call);
        FakeBody& body = me.streamed_body_;
        if (!me.check_use("read_body()")) {
            return SLUICE_E_STATE;
        }
        if (!me.request_.has_flag(SLUICE_REQUEST_BODY_STREAMED) || body.is_over() || body.is_wanted()) {
            return me.breach("read_body() was called without a streamed body, beside another one, or after the end");
        }
        body.fetch(fn, ctx);
        if (!body.has_pieces() && !me.is_asynchronous_) {
            me.breach("a synchronous read_body() would wait for ever: call send_body() before start()");
            body.add(SLUICE_CANCELLED, {}, false);
        }
        body.deliver(me.is_cancelled_);
        return SLUICE_OK;
    }
    static sluice_str attribute_entry(const sluice_call* call, sluice_str name) noexcept {
        FakeCall& me = self(call);
        const auto found = me.attributes_.find(std::string(to_view(name)));
        return me.check_use("attribute()") && found != me.attributes_.end() ? to_str(found->second) : sluice_str{};
    }
    static sluice_status set_attribute_entry(sluice_call* call, sluice_str name, sluice_str value) noexcept {
        FakeCall& me = self(call);
        const bool is_allowed = me.check_use("set_attribute()");
        if (is_allowed) {
            me.attributes_[std::string(to_view(name))] = to_view(value);
        }
        return is_allowed ? SLUICE_OK : SLUICE_E_STATE;
    }
    static void release_body(sluice_call* call) noexcept {
        FakeCall& me = self(call);
        if (me.check_use("release_body()")) {
            me.is_body_released_ = true;
            me.request_.release_body();
        }
    }

    static void finish(sluice_call* call, const sluice_usage* usage) noexcept {
        FakeCall& me = self(call);
        if (!me.check_use("finish()")) {
            return;
        }
        if (!me.head_) {
            me.breach("finish() was called before begin()");
        } else if (me.head_->content_length != SLUICE_LENGTH_UNKNOWN && !me.is_cancelled_ &&
                   me.body_.size() < me.head_->content_length) {
            me.breach("finish() after " + std::to_string(me.body_.size()) + " bytes, the content length is " +
                      std::to_string(me.head_->content_length));
        }
        me.end(usage);
    }
    static void fail(sluice_call* call, const sluice_error* error, const sluice_usage* usage) noexcept {
        FakeCall& me = self(call);
        if (me.check_use("fail()")) {
            me.error_ = record_error(*error, me.host_.breaches());
            me.end(usage);
        }
    }
    void end(const sluice_usage* usage) {
        usage_ = usage != nullptr ? std::optional<Usage>(record_usage(*usage)) : std::nullopt;
        is_ended_ = true;
        request_.release_body();
    }

    FakeHost& host_;
    FakeRequest request_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
    std::thread::id thread_ = std::this_thread::get_id();
    bool is_started_ = false;
    bool is_asynchronous_ = true;
    bool is_ended_ = false;
    bool is_full_ = false;
    bool is_body_released_ = false;
    std::map<std::string, std::string> attributes_;
    std::atomic<bool> is_cancelled_{false};
    int writes_ = 0;
    int writes_while_full_ = 0;
    int waits_ = 0;
    int cancel_at_write_ = 0;
    std::size_t queued_bytes_ = 0;
    std::optional<std::size_t> queue_mark_;
    sluice_callback_fn writable_fn_ = nullptr;
    void* writable_ctx_ = nullptr;
    sluice_callback_fn cancel_fn_ = nullptr;
    void* cancel_ctx_ = nullptr;
    FakeBody streamed_body_;
    std::optional<RecordedHead> head_;
    std::optional<RecordedError> error_;
    std::optional<Usage> usage_;
    std::string body_;
    std::vector<RecordedEvent> events_;
};

}  // namespace testing
}  // namespace sluice
