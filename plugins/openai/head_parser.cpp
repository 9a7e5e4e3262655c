#include "head_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <cstring>
#include <ctime>

#include "ascii_case.hpp"
#include "header_rules.hpp"

namespace sluice::openai {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using beast_view = boost::beast::string_view;

constexpr std::string_view kStatusLineStart = "HTTP/1.";
constexpr std::uint32_t kMaxRetryAfterMs = 24u * 3600 * 1000;

std::string_view to_std(beast_view text) { return {text.data(), text.size()}; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::uint32_t keep_alive_timeout(std::string_view value) {
    constexpr std::string_view kParameter = "timeout=";
    while (!value.empty()) {
        const auto comma = value.find(',');
        const std::string_view item = trimmed(value.substr(0, comma));
        value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
        if (!starts_with_ignoring_case(item, kParameter)) continue;
        std::uint32_t seconds = 0;
        std::from_chars(item.data() + kParameter.size(), item.data() + item.size(), seconds);
        return seconds;
    }
    return 0;
}

MediaType media_type_of(std::string_view content_type) {
    if (content_type == "application/json") return MediaType::kJson;
    const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
    if (equals_ignoring_case(type, "text/event-stream")) return MediaType::kEventStream;
    if (equals_ignoring_case(type, "text/html")) return MediaType::kHtml;
    const bool has_json_suffix = type.size() > 5 && equals_ignoring_case(type.substr(type.size() - 5), "+json");
    return has_json_suffix || equals_ignoring_case(type, "application/json") ? MediaType::kJson : MediaType::kOther;
}

// The size of the head that ends at or behind `from`, or 0. memmem() goes byte by byte; lines are some ten per head.
std::size_t size_of_head(std::span<const char> bytes, std::size_t from) {
    const char* const end = bytes.data() + bytes.size();
    const char* at = bytes.data() + std::max<std::size_t>(from, 3);
    while (at < end) {
        at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
        if (at == nullptr) return 0;
        if (std::memcmp(at - 3, "\r\n\r\n", 4) == 0) return static_cast<std::size_t>(at + 1 - bytes.data());
        ++at;
    }
    return 0;
}

// Collects what is needed of a head that is known to be complete.
class HeadCollector final : public http::basic_parser<false> {
public:
    HeadCollector(std::span<const char> bytes, ResponseHead& head) : bytes_(bytes), head_(head) {
        header_limit(static_cast<std::uint32_t>(kMaxHeadBytes));
        body_limit(boost::none);
        skip(true);  // bodies are read by BodyFraming
    }

    bool has_fold() const { return has_fold_; }
    bool has_foreign_encoding() const { return has_transfer_encoding_ && (!is_chunked_encoding_ || !chunked()); }
    bool has_transfer_encoding() const { return has_transfer_encoding_; }

private:
    void on_request_impl(http::verb, beast_view, beast_view, int, error_code&) override {}
    void on_response_impl(int code, beast_view, int, error_code&) override { head_.status = code; }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, beast_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    void on_field_impl(http::field field, beast_view name, beast_view value, error_code&) override {
        const std::string_view text = to_std(value);
        // Beast joins folded lines (RFC 9112, 5.2) in a buffer of its own: a value from outside ours was folded.
        if (!text.empty() && (text.data() < bytes_.data() || text.data() >= bytes_.data() + bytes_.size()))
            has_fold_ = true;
        switch (field) {
            case http::field::content_type:
                head_.content_type = text;
                head_.media_type = media_type_of(text);
                return;
            case http::field::content_encoding: head_.content_encoding = text; return;
            case http::field::transfer_encoding:
                is_chunked_encoding_ = !has_transfer_encoding_ && equals_ignoring_case(text, "chunked");
                has_transfer_encoding_ = true;
                return;
            case http::field::keep_alive: head_.keep_alive_seconds = keep_alive_timeout(text); return;
            default: keep(to_std(name), text);
        }
    }

    void keep(std::string_view name, std::string_view value) {
        if (equals_ignoring_case(name, "x-request-id")) {
            name = "X-Upstream-Request-ID";
        } else if (!reaches_client(name)) {
            return;
        } else if (equals_ignoring_case(name, "retry-after")) {
            head_.retry_after = value;
        } else if (equals_ignoring_case(name, "retry-after-ms")) {
            head_.retry_after_ms = value;
        }
        if (head_.field_count == ResponseHead::kMaxFields) return;
        head_.fields[head_.field_count++] = {{name.data(), name.size()}, {value.data(), value.size()}};
    }

    std::span<const char> bytes_;
    ResponseHead& head_;
    bool has_fold_ = false;
    bool has_transfer_encoding_ = false;
    bool is_chunked_encoding_ = false;
};

void reset(ResponseHead& head) {
    head.status = 0;
    head.framing = Framing::kNone;
    head.content_length = SLUICE_LENGTH_UNKNOWN;
    head.keeps_alive = false;
    head.keep_alive_seconds = 0;
    head.content_type = head.content_encoding = head.retry_after = head.retry_after_ms = {};
    head.media_type = MediaType::kOther;
    head.field_count = 0;
}

// RFC 9112, 6.3.
Framing framing_of(const ResponseHead& head, const HeadCollector& parser, bool is_head_request) {
    const bool has_no_body = is_head_request || head.is_informational() || head.status == 204 || head.status == 304;
    if (has_no_body) return Framing::kNone;
    if (parser.has_transfer_encoding()) return Framing::kChunked;
    return head.content_length == SLUICE_LENGTH_UNKNOWN ? Framing::kUntilClose : Framing::kLength;
}

HeadResult incomplete(std::span<const char> bytes, std::string_view& problem) {
    const std::size_t known = std::min(bytes.size(), kStatusLineStart.size());
    if (std::memcmp(bytes.data(), kStatusLineStart.data(), known) != 0) {
        problem = "its answer is not HTTP/1.1";
        return HeadResult::kMalformed;
    }
    if (bytes.size() <= kMaxHeadBytes) return HeadResult::kIncomplete;
    problem = "the head of its answer is larger than 64 KB";
    return HeadResult::kMalformed;
}

}  // namespace

bool ResponseHead::is_encoded() const noexcept {
    return !content_encoding.empty() && !equals_ignoring_case(content_encoding, "identity");
}

std::uint32_t ResponseHead::retry_after_in_ms() const {
    double value = 0;
    if (!retry_after_ms.empty()) {
        std::from_chars(retry_after_ms.data(), retry_after_ms.data() + retry_after_ms.size(), value);
    } else if (!retry_after.empty() && retry_after.front() >= '0' && retry_after.front() <= '9') {
        std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), value);
        value *= 1000;
    } else if (!retry_after.empty()) {
        std::tm date{};
        const std::string text(retry_after);
        if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return 0;
        value = static_cast<double>(timegm(&date) - std::time(nullptr)) * 1000;
    }
    if (!(value > 0)) return 0;
    return value > kMaxRetryAfterMs ? kMaxRetryAfterMs : static_cast<std::uint32_t>(value);
}

HeadResult parse_head(std::span<const char> bytes, std::size_t searched, bool is_head_request, ResponseHead& head,
                      std::size_t& consumed, std::string_view& problem) {
    const std::size_t size = size_of_head(bytes, searched);
    if (size == 0) return incomplete(bytes, problem);
    if (size > kMaxHeadBytes) return incomplete(bytes.first(kMaxHeadBytes + 1), problem);
    reset(head);
    HeadCollector parser(bytes.first(size), head);
    error_code error;
    consumed = parser.put(boost::asio::const_buffer(bytes.data(), size), error);
    if (error || consumed != size) {
        problem = "the head of its answer is malformed";
        return HeadResult::kMalformed;
    }
    if (head.status < 100 || head.status > 599) {
        problem = "the status of its answer is not a number from 100 to 599";
        return HeadResult::kMalformed;
    }
    if (parser.has_fold()) {
        problem = "the head of its answer has folded lines";
        return HeadResult::kMalformed;
    }
    if (parser.has_foreign_encoding()) {
        problem = "its answer has a transfer encoding other than chunked";
        return HeadResult::kMalformed;
    }
    if (const auto length = parser.content_length()) head.content_length = *length;
    head.framing = framing_of(head, parser, is_head_request);
    head.keeps_alive = parser.keep_alive() && head.framing != Framing::kUntilClose;
    return HeadResult::kComplete;
}

}  // namespace sluice::openai
