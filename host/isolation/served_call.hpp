#pragma once

#include <sluice/cpp/loop.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "backend/response_sink.hpp"
#include "http/attributes.hpp"
#include "isolation/channel.hpp"
#include "isolation/wire_message.hpp"

namespace sluice::isolation {

/// In the plugin process: one call of the plugin, whose answer goes to the gateway in frames. Owns the request.
/// [loop-thread] except post()
class ServedCall final : public backend::ResponseSink, public std::enable_shared_from_this<ServedCall> {
public:
    /// `on_end` runs inside the terminal call.
    ServedCall(const Loop& loop, std::shared_ptr<Channel> channel, std::uint64_t id, std::function<void()> on_end);

    /// Takes the payload of a kStart frame; false where it is malformed.
    bool read(std::string_view payload);
    const sluice_request& request() const noexcept { return read_.request; }

    // What the gateway tells. None of them is called after the terminal call.
    void take_credit(std::uint64_t bytes);
    void take_body(sluice_status status, std::string_view bytes, bool is_last);
    void cancel();

    // backend::ResponseSink
    sluice_loop* loop() const noexcept override { return loop_.raw(); }
    sluice_status begin(const sluice_response& response) override;
    sluice_status write(std::string_view bytes) override;
    sluice_status write_event(std::string_view name, std::string_view data) override;
    sluice_status when_writable(sluice_callback_fn fn, void* ctx) override;
    sluice_status when_cancelled(sluice_callback_fn fn, void* ctx) override;
    bool is_cancelled() const noexcept override { return is_cancelled_; }
    const http::Attributes& attributes() const noexcept override { return attributes_; }
    sluice_status set_attribute(std::string_view name, std::string_view value) override;
    sluice_status read_body(sluice_body_fn fn, void* ctx) override;
    void release_body() noexcept override {}
    void finish(const sluice_usage* usage) override;
    void fail(const sluice_error& error, const sluice_usage* usage) override;
    /// The gateway learns of it as of any other failure.
    void break_off(observability::Misbehaviour reason, std::string_view message) override;
    bool post(std::function<void()> task) override;

private:
    struct Callback {
        sluice_callback_fn fn = nullptr;
        void* ctx = nullptr;
        void run() {
            if (const auto call = std::exchange(fn, nullptr)) call(ctx);
        }
    };
    sluice_status state_for(bool is_event) const noexcept;
    sluice_status spend(std::size_t bytes);
    sluice_status refuse_more();
    void end();

    const Loop loop_;
    const std::shared_ptr<Channel> channel_;
    const std::uint64_t id_;
    std::function<void()> on_end_;
    std::string payload_;  ///< what the request's views point into, padded as sluice_request.body promises
    ReadRequest read_;
    http::Attributes attributes_;
    std::size_t uncredited_bytes_ = 0;
    bool has_begun_ = false;
    bool is_event_stream_ = false;
    bool is_cancelled_ = false;
    bool has_ignored_full_ = false;
    bool is_over_ = false;
    Callback on_writable_;
    Callback on_cancel_;
    sluice_body_fn body_fn_ = nullptr;
    void* body_ctx_ = nullptr;
};

}  // namespace sluice::isolation
