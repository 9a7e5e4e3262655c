// The host's side of a call, with what has to be remembered about it.
#pragma once

#include <span>
#include <string_view>

#include "abi_text.hpp"
#include "head_parser.hpp"
#include "sluice/ext/backend.h"

namespace sluice::openai {

// [loop-thread]. Does not make the terminal call: whoever does forgets the Reply first.
class Reply {
public:
    Reply(sluice_call* call, const sluice_call_api* api) : call_(call), api_(api) {}

    // The head of the answer, with the upstream's fields that reach the client.
    void begin(const ResponseHead& head, std::string_view content_type, std::uint64_t content_length,
               std::uint32_t flags) {
        const sluice_response response{
            sizeof(sluice_response), flags,           head.status, 0, content_length, to_abi(content_type),
            head.fields.data(),      head.field_count};
        is_begun_ = true;
        http_status_ = head.status;
        note(api_->begin(call_, &response));
    }
    void write(std::span<const char> bytes) { note(api_->write(call_, {bytes.data(), bytes.size()})); }
    void write_event(std::string_view name, std::span<const char> data) {
        has_events_ = true;
        note(api_->write_event(call_, to_abi(name), {data.data(), data.size()}));
    }

    bool is_begun() const noexcept { return is_begun_; }
    bool has_events() const noexcept { return has_events_; }
    int http_status() const noexcept { return http_status_; }
    // The client's queue is above its mark; true until the next take.
    bool take_full() noexcept {
        const bool was_full = is_full_;
        is_full_ = false;
        return was_full;
    }
    // The host does not want the rest.
    bool is_refused() const noexcept { return is_refused_; }

    sluice_call* call() const noexcept { return call_; }
    const sluice_call_api& api() const noexcept { return *api_; }

private:
    void note(sluice_status status) noexcept {
        if (status == SLUICE_FULL) is_full_ = true;
        if (status == SLUICE_CANCELLED || status < 0) is_refused_ = true;
    }

    sluice_call* call_;
    const sluice_call_api* api_;
    int http_status_ = 0;
    bool is_begun_ = false;
    bool has_events_ = false;
    bool is_full_ = false;
    bool is_refused_ = false;
};

}  // namespace sluice::openai
