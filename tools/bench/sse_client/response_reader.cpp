#include "sse_client/response_reader.hpp"

#include <algorithm>
#include <cctype>

#include "wire/decimal_number.hpp"

namespace sluice::bench {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return text;
}

/// The value of header `name` (lower case, with its line feed and colon) in a lower-case head.
std::optional<std::string_view> header(std::string_view head, std::string_view name) {
    const auto begin = head.find(name);
    if (begin == std::string_view::npos) return std::nullopt;
    const auto value = head.substr(begin + name.size());
    return value.substr(0, value.find("\r\n"));
}

}  // namespace

ResponseReader::State ResponseReader::read(std::string_view bytes, std::chrono::nanoseconds now,
                                           StreamObserver::Listener& listener) {
    if (has_head_) return read_body(bytes, now, listener);
    head_.append(bytes);
    const auto head_size = head_.find(kEndOfHead);
    if (head_size == std::string::npos) return State::kReading;

    has_head_ = true;
    const std::string body = head_.substr(head_size + kEndOfHead.size());
    head_.resize(head_size);
    if (!understand_head()) return State::kBadStatus;
    return read_body(body, now, listener);
}

ResponseReader::State ResponseReader::end_of_input() const {
    return ends_with_connection() ? State::kComplete : State::kMalformed;
}

bool ResponseReader::understand_head() {
    const std::string head = in_lower_case(head_);
    const auto coding = header(head, "\ntransfer-encoding:");
    if (coding && coding->find("chunked") != std::string_view::npos)
        chunks_.emplace();
    else if (const auto length = header(head, "\ncontent-length:"))
        left_ = parse_decimal(*length);
    return head.find(" 200") == std::string_view("http/1.1").size();
}

ResponseReader::State ResponseReader::read_body(std::string_view bytes, std::chrono::nanoseconds now,
                                                StreamObserver::Listener& listener) {
    if (chunks_) return read_chunked(bytes, now, listener);
    deliver(bytes, now, listener);
    if (!left_) return State::kReading;
    *left_ -= static_cast<std::int64_t>(bytes.size());
    return *left_ > 0 ? State::kReading : State::kComplete;
}

void ResponseReader::deliver(std::string_view piece, std::chrono::nanoseconds now, StreamObserver::Listener& listener) {
    if (comparison_) comparison_->read(piece);
    stream_.read(piece, now, listener);
}

ResponseReader::State ResponseReader::read_chunked(std::string_view bytes, std::chrono::nanoseconds now,
                                                   StreamObserver::Listener& listener) {
    while (!bytes.empty() && !chunks_->is_over() && !chunks_->is_malformed()) {
        deliver(chunks_->next(bytes), now, listener);
    }
    // Bytes after the end answer nothing that was asked.
    if (chunks_->is_malformed() || !bytes.empty()) return State::kMalformed;
    return chunks_->is_over() ? State::kComplete : State::kReading;
}

}  // namespace sluice::bench
