#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "backend/response_sink.hpp"
#include "journal.hpp"

namespace sluice::test {

/// A sink with a thread of its own that stands for the loop. Notes what it gets: "begin 200 events", "event n:data",
/// "write text", "finish 3+5", "fail code: message".
class LoopThreadSink final : public backend::ResponseSink {
public:
    explicit LoopThreadSink(Journal& journal) : journal_(journal), thread_([this] { run(); }) {}
    ~LoopThreadSink() {
        post([this] { is_ending_ = true; });
        thread_.join();
    }
    LoopThreadSink(const LoopThreadSink&) = delete;
    LoopThreadSink& operator=(const LoopThreadSink&) = delete;

    /// Runs `task` on the thread and waits for its end.
    void on_loop(std::function<void()> task) {
        std::promise<void> done;
        post([&] {
            task();
            done.set_value();
        });
        done.get_future().wait();
    }
    // The rest on the thread only.
    void cancel() {
        is_cancelled_ = true;
        if (body_fn_) std::exchange(body_fn_, nullptr)(body_ctx_, SLUICE_CANCELLED, {}, 1);
        if (cancel_fn_) std::exchange(cancel_fn_, nullptr)(cancel_ctx_);
    }
    void become_writable() {
        is_full = false;
        if (writable_fn_) std::exchange(writable_fn_, nullptr)(writable_ctx_);
    }
    void give_body(std::string_view bytes, bool is_last) {
        std::exchange(body_fn_, nullptr)(body_ctx_, SLUICE_OK, {bytes.data(), bytes.size()}, is_last ? 1 : 0);
    }
    http::Attributes attributes_;
    bool is_full = false;
    std::size_t taken_bytes = 0;

    // backend::ResponseSink
    sluice_loop* loop() const noexcept override { return nullptr; }
    sluice_status begin(const sluice_response& response) override {
        if (is_cancelled_) return SLUICE_CANCELLED;
        if (response.http_status < 200) return SLUICE_E_INVALID;
        std::string headers;
        for (std::size_t i = 0; i < response.header_count; ++i) {
            headers += " " + std::string(response.headers[i].name.ptr, response.headers[i].name.len) + "=" +
                       std::string(response.headers[i].value.ptr, response.headers[i].value.len);
        }
        journal_.note("begin " + std::to_string(response.http_status) +
                      (response.flags & SLUICE_RESPONSE_EVENTS ? " events" : "") + headers);
        return SLUICE_OK;
    }
    sluice_status write(std::string_view bytes) override { return take("write " + std::string(bytes), bytes.size()); }
    sluice_status write_event(std::string_view name, std::string_view data) override {
        if (data.find('\n') != std::string_view::npos) return SLUICE_E_INVALID;
        return take("event " + std::string(name) + ":" + std::string(data), data.size());
    }
    const http::Attributes& attributes() const noexcept override { return attributes_; }
    sluice_status set_attribute(std::string_view name, std::string_view value) override {
        journal_.note("attribute " + std::string(name) + "=" + std::string(value));
        return attributes_.set(name, value) ? SLUICE_OK : SLUICE_E_INVALID;
    }
    sluice_status when_writable(sluice_callback_fn fn, void* ctx) override {
        writable_fn_ = fn;
        writable_ctx_ = ctx;
        journal_.note("waits");
        return SLUICE_OK;
    }
    sluice_status when_cancelled(sluice_callback_fn fn, void* ctx) override {
        cancel_fn_ = fn;
        cancel_ctx_ = ctx;
        return SLUICE_OK;
    }
    bool is_cancelled() const noexcept override { return is_cancelled_; }
    sluice_status read_body(sluice_body_fn fn, void* ctx) override {
        body_fn_ = fn;
        body_ctx_ = ctx;
        journal_.note("fetches");
        return SLUICE_OK;
    }
    void release_body() noexcept override {}
    void finish(const sluice_usage* usage) override {
        end("finish" +
            (usage ? " " + std::to_string(usage->prompt_tokens) + "+" + std::to_string(usage->completion_tokens)
                   : std::string()));
    }
    void fail(const sluice_error& error, const sluice_usage*) override {
        end("fail " + std::string(error.code.ptr, error.code.len) + ": " +
            std::string(error.message.ptr, error.message.len));
    }
    void break_off(observability::Misbehaviour, std::string_view message) override {
        end("fail internal_error: " + std::string(message));
    }
    bool post(std::function<void()> task) override {
        std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        has_tasks_.notify_one();
        return true;
    }

private:
    sluice_status take(std::string entry, std::size_t bytes) {
        if (is_cancelled_) return SLUICE_CANCELLED;
        taken_bytes += bytes;
        journal_.note(std::move(entry));
        return is_full ? SLUICE_FULL : SLUICE_OK;
    }
    void end(std::string entry) {
        cancel_fn_ = writable_fn_ = nullptr;
        journal_.note(std::move(entry));
    }
    void run() {
        while (!is_ending_) {
            std::function<void()> task;
            {
                std::unique_lock lock(mutex_);
                has_tasks_.wait(lock, [this] { return !tasks_.empty(); });
                task = std::move(tasks_.front());
                tasks_.pop_front();
            }
            task();
        }
    }

    Journal& journal_;
    bool is_cancelled_ = false;
    bool is_ending_ = false;
    sluice_callback_fn cancel_fn_ = nullptr;
    void* cancel_ctx_ = nullptr;
    sluice_callback_fn writable_fn_ = nullptr;
    void* writable_ctx_ = nullptr;
    sluice_body_fn body_fn_ = nullptr;
    void* body_ctx_ = nullptr;
    std::mutex mutex_;
    std::condition_variable has_tasks_;
    std::deque<std::function<void()>> tasks_;
    std::thread thread_;  // last: everything is there when it starts
};

}  // namespace sluice::test
