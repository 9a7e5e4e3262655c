#include "net/request_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>

#include "http/ascii_case.hpp"

namespace sluice::net {

namespace {

namespace beast = boost::beast;
using http::equals_ignoring_case;
using http::WireError;

std::string_view plain(beast::string_view text) { return {text.data(), text.size()}; }

/// Keeps the fields as views into the buffer it parses from, and notes what Beast does not refuse by itself.
class HeadParser : public beast::http::basic_parser<true> {
public:
    explicit HeadParser(http::Request* request) : request_(request) {
        header_limit(1u << 30);                                 // the connection has its own limit
        body_limit(std::numeric_limits<std::uint64_t>::max());  // so has the exchange
    }

    bool has_repeated_host() const { return hosts_ > 1; }
    bool has_host() const { return hosts_ == 1; }
    bool has_foreign_coding() const { return has_foreign_coding_; }
    std::string_view expectation() const { return expectation_; }
    const std::string& connection_options() const { return connection_options_; }
    std::string* body_out = nullptr;

protected:
    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                         beast::error_code&) override {
        if (!request_) return;
        request_->method = plain(method);
        request_->target = plain(target);
        request_->is_http_1_0 = version < 11;
    }

    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

    void on_field_impl(beast::http::field known_name, beast::string_view name, beast::string_view value,
                       beast::error_code&) override {
        using beast::http::field;
        switch (known_name) {
            case field::host: ++hosts_; break;
            case field::transfer_encoding:
                if (has_coding_ || !equals_ignoring_case(plain(value), "chunked")) has_foreign_coding_ = true;
                has_coding_ = true;
                return;
            case field::expect: expectation_ = plain(value); return;
            case field::connection:
                if (!connection_options_.empty()) connection_options_ += ',';
                connection_options_ += plain(value);
                return;
            case field::content_length:
            case field::keep_alive:
            case field::proxy_connection:
            case field::proxy_authorization:
            case field::te:
            case field::trailer:
            case field::upgrade: return;
            default: break;
        }
        if (request_) request_->headers.push_back({http::borrow(plain(name)), http::borrow(plain(value))});
    }

    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, beast::error_code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, beast::error_code&) override {
        if (body_out) body_out->append(body.data(), body.size());
        return body.size();
    }
    void on_finish_impl(beast::error_code&) override {}

private:
    http::Request* request_;
    int hosts_ = 0;
    bool has_coding_ = false;
    bool has_foreign_coding_ = false;
    std::string_view expectation_;
    std::string connection_options_;
};

class ChunkedDecoder final : public BodyDecoder {
public:
    explicit ChunkedDecoder(std::string_view head) : parser_(nullptr) {
        beast::error_code error;
        parser_.put(boost::asio::buffer(head.data(), head.size()), error);
        parser_.eager(true);
    }

    Progress decode(std::string_view bytes, std::string& out) override {
        parser_.body_out = &out;
        Progress progress;
        while (!parser_.is_done() && progress.consumed_bytes < bytes.size()) {
            beast::error_code error;
            std::string_view rest = bytes.substr(progress.consumed_bytes);
            std::size_t used = parser_.put(boost::asio::buffer(rest.data(), rest.size()), error);
            progress.consumed_bytes += used;
            if (error == beast::http::error::need_more) break;
            if (error) {
                progress.is_malformed = true;
                break;
            }
            if (used == 0) break;
        }
        progress.is_complete = parser_.is_done();
        return progress;
    }

private:
    HeadParser parser_;
};

WireError bad_http(std::string message) { return WireError::of("bad_http", std::move(message)); }

/// Beast checks the grammar of a target loosely; what goes into an upstream's request line must be exact.
bool is_clean_target(std::string_view target) {
    for (char c : target) {
        auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7f || byte == '#') return false;
    }
    return true;
}

/// Bytes of the separator that `text` begins with; 0 if there is none. Some servers take "\\" and what is
/// percent-encoded for one, too.
std::size_t separator_bytes(std::string_view text) {
    if (text.front() == '/' || text.front() == '\\') return 1;
    return http::starts_with_ignoring_case(text, "%2f") || http::starts_with_ignoring_case(text, "%5c") ? 3 : 0;
}

/// A "." or ".." segment, plain or percent-encoded, would leave the path it seems to be under (RFC 3986, 5.2.4).
bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        std::size_t end = 0;
        while (end < path.size() && separator_bytes(path.substr(end)) == 0) ++end;
        std::string_view segment = path.substr(0, end);
        std::size_t dots = 0;
        while (!segment.empty()) {
            if (segment.front() == '.') {
                segment.remove_prefix(1);
            } else if (http::starts_with_ignoring_case(segment, "%2e")) {
                segment.remove_prefix(3);
            } else {
                break;
            }
            ++dots;
        }
        if (segment.empty() && (dots == 1 || dots == 2)) return true;
        if (end == path.size()) return false;
        path.remove_prefix(end + separator_bytes(path.substr(end)));
    }
    return false;
}

std::optional<WireError> split_target(http::Request& request, std::size_t max_url_bytes) {
    std::string_view target = request.target;
    if (target.size() > max_url_bytes) {
        return WireError::of("url_too_long", "The URL has " + std::to_string(target.size()) + " bytes; at most " +
                                                 std::to_string(max_url_bytes) + " are accepted.");
    }
    if (!is_clean_target(target)) return bad_http("The request target holds a byte that a URL may not hold.");
    if (http::starts_with_ignoring_case(target, "http://") || http::starts_with_ignoring_case(target, "https://")) {
        // Without a path the query, if any, stands right behind the authority.
        std::size_t end = target.find_first_of("/?", target.find("://") + 3);
        std::string_view rest = end == std::string_view::npos ? std::string_view() : target.substr(end);
        if (!rest.starts_with('/')) {
            request.path = "/";
            request.query = rest.empty() ? rest : rest.substr(1);
            return std::nullopt;
        }
        target = rest;
    }
    std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    request.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    bool is_asterisk = request.path == "*" && request.method == "OPTIONS";
    if (!is_asterisk && (request.path.empty() || request.path.front() != '/')) {
        return bad_http("The request target is not a path: expected one that begins with '/'.");
    }
    if (has_dot_segment(request.path)) return bad_http("The path holds a '.' or '..' segment.");
    return std::nullopt;
}

/// Headers named by Connection are hop-by-hop too (RFC 9110, 7.6.1).
void remove_connection_options(http::Request& request, std::string_view options) {
    while (!options.empty()) {
        std::size_t comma = options.find(',');
        std::string_view option = http::trim_blanks(options.substr(0, comma));
        if (!equals_ignoring_case(option, "close") && !equals_ignoring_case(option, "keep-alive")) {
            request.remove_header(option);
        }
        options = comma == std::string_view::npos ? std::string_view() : options.substr(comma + 1);
    }
}

std::string describe(const beast::error_code& error) {
    return "The request is not well-formed HTTP/1.1: " + error.message() + ".";
}

}  // namespace

HeadScan scan_head(std::string_view bytes, std::size_t from) noexcept {
    // Two bytes back: the end may straddle what was seen before and what is new.
    std::size_t at = from > 2 ? from - 2 : 0;
    while (const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at)) {
        at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
        if (at >= bytes.size()) break;
        char next = bytes[at];
        if (next == ' ' || next == '\t') return {HeadScan::State::kFolded, at};
        if (next == '\n') return {HeadScan::State::kComplete, at + 1};
        if (next == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n') {
            return {HeadScan::State::kComplete, at + 2};
        }
    }
    return {};
}

std::unique_ptr<BodyDecoder> BodyDecoder::chunked(std::string_view head) {
    return std::make_unique<ChunkedDecoder>(head);
}

std::optional<http::WireError> parse_head(http::Request& request, HeadFacts& facts, std::size_t max_url_bytes) {
    HeadParser parser(&request);
    // Room for exactly as many as there are: they stay as long as the exchange, and streams are many.
    auto lines = static_cast<std::size_t>(std::count(request.head.begin(), request.head.end(), '\n'));
    request.headers.reserve(lines - std::min<std::size_t>(lines, 2));
    beast::error_code error;
    parser.put(boost::asio::buffer(request.head.data(), request.head.size()), error);
    if (error && error != beast::http::error::need_more) return bad_http(describe(error));
    if (!parser.is_header_done()) return bad_http("The request is not well-formed HTTP/1.1: its head does not end.");
    if (parser.has_foreign_coding()) return bad_http("Transfer-Encoding: only a single \"chunked\" is accepted.");
    if (parser.has_repeated_host()) return bad_http("The request has more than one Host header.");
    if (!parser.has_host() && !request.is_http_1_0) return bad_http("The request has no Host header.");
    if (request.is_http_1_0 && parser.chunked()) return bad_http("An HTTP/1.0 request cannot have a chunked body.");
    facts.is_keep_alive = parser.keep_alive();
    facts.is_chunked = parser.chunked();
    request.content_length = parser.chunked() ? SLUICE_LENGTH_UNKNOWN : parser.content_length().value_or(0);
    facts.has_body = request.content_length != 0;
    if (!parser.expectation().empty()) {
        if (!equals_ignoring_case(parser.expectation(), "100-continue")) {
            return WireError::of("expectation_failed", "Expect: found \"" + std::string(parser.expectation()) +
                                                           "\", expected \"100-continue\".");
        }
        facts.expects_continue = !request.is_http_1_0;
    }
    if (!parser.connection_options().empty()) remove_connection_options(request, parser.connection_options());
    return split_target(request, max_url_bytes);
}

}  // namespace sluice::net
