// The other end of a call, which counts what it gets: what is measured is the way there.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "backend/response_sink.hpp"

namespace sluice::bench {

class CountingSink final : public backend::ResponseSink {
public:
    std::size_t events = 0;
    std::size_t bytes = 0;
    std::size_t ends = 0;

    // backend::ResponseSink
    sluice_loop* loop() const noexcept override { return nullptr; }
    sluice_status begin(const sluice_response&) override { return SLUICE_OK; }
    sluice_status write(std::string_view text) override {
        bytes += text.size();
        return SLUICE_OK;
    }
    sluice_status write_event(std::string_view, std::string_view data) override {
        ++events;
        bytes += data.size();
        return SLUICE_OK;
    }
    sluice_status when_writable(sluice_callback_fn, void*) override { return SLUICE_OK; }
    sluice_status when_cancelled(sluice_callback_fn, void*) override { return SLUICE_OK; }
    bool is_cancelled() const noexcept override { return false; }
    const http::Attributes& attributes() const noexcept override { return attributes_; }
    sluice_status set_attribute(std::string_view, std::string_view) override { return SLUICE_OK; }
    sluice_status read_body(sluice_body_fn, void*) override { return SLUICE_E_UNSUPPORTED; }
    void release_body() noexcept override {}
    void finish(const sluice_usage*) override { ++ends; }
    void fail(const sluice_error&, const sluice_usage*) override {}
    void break_off(observability::Misbehaviour, std::string_view) override {}
    bool post(std::function<void()>) override { return false; }

private:
    http::Attributes attributes_;
};

}  // namespace sluice::bench
