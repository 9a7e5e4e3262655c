#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/error_table.hpp"
#include "http/request.hpp"

namespace sluice::net {

/// Where a request head ends, and what of it is already known to be wrong.
struct HeadScan {
    enum class State { kIncomplete, kComplete, kFolded } state = State::kIncomplete;
    std::size_t size = 0;  ///< bytes of the head with its empty line, when complete
};

/// Looks for the empty line that ends a head, from `from` on (what lies before was scanned already). A line that ends
/// in a bare LF counts as an end of line here, so that the parser gets to see and refuse it at once. Finds obsolete
/// line folding, which the parser would let pass (RFC 9112, 5.2).
HeadScan scan_head(std::string_view bytes, std::size_t from) noexcept;

/// What the head says about the connection and the body, beside what went into the Request.
struct HeadFacts {
    bool is_keep_alive = true;
    bool is_chunked = false;
    bool has_body = false;
    bool expects_continue = false;
};

/// Decodes the body of one request as its framing says; the only user of Beast on the client's side.
class BodyDecoder {
public:
    /// A decoder of a chunked body; `head` is the head that announced it.
    static std::unique_ptr<BodyDecoder> chunked(std::string_view head);
    virtual ~BodyDecoder() = default;

    struct Progress {
        std::size_t consumed_bytes = 0;
        bool is_complete = false;
        bool is_malformed = false;
    };
    /// Decodes from `bytes`, appending the content to `out`. What was not consumed is given again, with more behind it.
    virtual Progress decode(std::string_view bytes, std::string& out) = 0;
};

/// Parses the whole head in `request.head` (RFC 9112, strict: see HTTP contract, section 6) and fills method, target,
/// path, query, headers and length of `request`; hop-by-hop and framing headers are left out. The views point into
/// `request.head`. Returns the error to answer before closing, or nothing.
std::optional<http::WireError> parse_head(http::Request& request, HeadFacts& facts, std::size_t max_url_bytes);

}  // namespace sluice::net
