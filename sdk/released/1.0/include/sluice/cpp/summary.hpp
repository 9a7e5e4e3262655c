// What became of an exchange.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/cpp/usage.hpp"
#include "sluice/ext/middleware.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {
inline namespace v1 {

// A view of the end of an exchange; valid during on_complete.
class Summary {
public:
    explicit Summary(const sluice_summary* summary) noexcept : summary_(summary) {}

    const sluice_summary* raw() const noexcept { return summary_; }

    // 0 if nothing was sent.
    int http_status() const noexcept { return summary_->http_status; }
    sluice_ended_by ended_by() const noexcept { return static_cast<sluice_ended_by>(summary_->ended_by); }
    // Empty after success.
    std::string_view error_code() const noexcept { return to_view(summary_->error_code); }
    // The instance that answered; empty if none was chosen.
    std::string_view backend() const noexcept { return to_view(summary_->backend); }
    std::uint64_t received_bytes() const noexcept { return summary_->received_bytes; }
    std::uint64_t sent_bytes() const noexcept { return summary_->sent_bytes; }
    std::chrono::nanoseconds duration() const noexcept { return std::chrono::nanoseconds(summary_->duration_ns); }
    // From the request's end to the first byte of the answer; 0 if none came.
    std::chrono::nanoseconds first_byte() const noexcept { return std::chrono::nanoseconds(summary_->first_byte_ns); }
    std::uint32_t attempts() const noexcept { return summary_->attempts; }
    std::optional<Usage> usage() const noexcept {
        if (summary_->usage == nullptr) {
            return std::nullopt;
        }
        const sluice_usage& usage = *summary_->usage;
        return Usage{usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens,
                     (usage.flags & static_cast<std::uint32_t>(SLUICE_USAGE_ESTIMATED)) != 0};
    }

private:
    const sluice_summary* summary_;
};

}  // namespace v1
}  // namespace sluice
