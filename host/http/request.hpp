#pragma once

#include <sluice/message.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

inline std::string_view view(sluice_str text) noexcept { return {text.ptr, text.len}; }
inline sluice_str borrow(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// One client request as the path of a request sees it. Owns the bytes of head and body; all views point into them, so
/// it is neither copied nor moved. Reused from request to request: clear() keeps the capacity.
class Request {
public:
    Request() = default;
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    /// Back to empty, keeping at most some KB of capacity.
    void clear();

    /// The value of the only or first header `name` (compared without case), or an empty view.
    std::string_view header(std::string_view name) const noexcept;
    /// How many lines the header has.
    std::size_t header_lines(std::string_view name) const noexcept;
    /// Replaces every line of the header by one, or removes it where `value` is empty. Copies both. False where 64
    /// headers were set already.
    bool set_header(std::string_view name, std::string_view value);
    void remove_header(std::string_view name) noexcept;

    /// Takes `text` as the body and keeps it padded as sluice_request.body promises.
    void set_body(std::string_view text);
    void append_body(std::string_view bytes);
    /// A stream lives long and needs its body no more: then the memory goes, too.
    void release_body() noexcept;
    /// Forgets what was read from the JSON body.
    void forget_json() noexcept;
    std::string_view body() const noexcept { return {body_.data(), body_size_}; }

    std::string head;  ///< the bytes the head's views point into
    std::string_view method;
    std::string_view target;  ///< as sent
    std::string_view path;    ///< without query
    std::string_view query;   ///< behind '?'
    std::vector<sluice_header> headers;
    std::string id;
    std::string model;  ///< of the JSON body, unescaped
    std::string client_address;
    bool is_http_1_0 = false;
    bool is_streaming = false;
    bool wants_usage = false;
    bool has_stream_options = false;
    bool is_usage_injected = false;  ///< the route asks for usage, whatever the client wants
    bool is_json = false;
    std::uint64_t choice_count = 1;
    std::uint64_t content_length = 0;  ///< SLUICE_LENGTH_UNKNOWN where the body is chunked
    std::uint64_t received_body_bytes = 0;

private:
    std::string body_;  ///< always SLUICE_BODY_PADDING longer than body_size_, or empty
    std::size_t body_size_ = 0;
    std::vector<std::string> added_;  ///< what set_header copied
};

}  // namespace sluice::http
