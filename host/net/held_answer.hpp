#pragma once

#include <sluice/message.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/response_sink.hpp"

namespace sluice::net {

/// An answer, or its beginning, that is kept back until it is known whether the client gets it.
class HeldAnswer {
public:
    void begin(const sluice_response& response);
    void add(std::string_view bytes) { text_ += bytes; }
    void add_event(std::string_view name, std::string_view data);

    int status() const noexcept { return status_; }
    bool is_event_stream() const noexcept { return (flags_ & SLUICE_RESPONSE_EVENTS) != 0; }
    /// Of body or events.
    std::size_t bytes() const noexcept { return text_.size(); }
    /// The answer's Retry-After in milliseconds; 0 where it has none in seconds (RFC 9110, 10.2.3).
    std::uint32_t retry_after_ms() const;
    /// `error.code` of a JSON body, or empty.
    std::string error_code() const;

    /// Gives all of it to `sink`, and forgets it. SLUICE_FULL: all was taken, wait.
    sluice_status give(backend::ResponseSink& sink);
    void clear() noexcept;

private:
    struct Event {
        std::size_t name_bytes;
        std::size_t data_bytes;
    };

    int status_ = 0;
    std::uint32_t flags_ = 0;
    std::uint64_t content_length_ = 0;
    std::string content_type_;
    std::vector<std::pair<std::string, std::string>> fields_;
    std::string text_;  ///< the body, or names and data of the events one after the other
    std::vector<Event> events_;
};

}  // namespace sluice::net
