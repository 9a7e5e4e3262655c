#include "sse_reader.hpp"

#include <algorithm>
#include <cstring>

#include "sluice/message.h"

namespace sluice::openai {
namespace {

constexpr std::size_t kPaddingBytes = SLUICE_BODY_PADDING;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

char* find(char* from, char* end, char wanted) {
    void* const found = std::memchr(from, wanted, static_cast<std::size_t>(end - from));
    return found == nullptr ? end : static_cast<char*>(found);
}

void append_padded(RareText& to, std::string_view bytes) {
    std::string& text = to.text();
    const std::size_t needed = text.size() + bytes.size() + kPaddingBytes;
    if (text.capacity() < needed) text.reserve(std::max(needed, text.capacity() * 2));
    text.append(bytes);
}

std::string_view view_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

void SseReader::feed(std::span<char> bytes) noexcept {
    cursor_ = bytes.data();
    end_ = bytes.data() + bytes.size();
    next_feed_ = next_return_ = nullptr;
}

SseReader::Result SseReader::next(SseEvent& event) {
    std::span<char> line;
    while (read_line(line)) {
        if (line.empty()) {
            is_event_over_ = true;
            if (has_data()) return dispatch(event);
            continue;
        }
        take_line(line);
        if (is_too_large()) return Result::kTooLarge;
    }
    keep_rest();
    return is_too_large() ? Result::kTooLarge : Result::kNeedMore;
}

SseReader::Result SseReader::finish(SseEvent& event) {
    if (!line_.is_empty() && !is_line_over_) {
        is_line_over_ = true;
        take_line(line_.text());
    }
    if (!has_data() || is_event_over_) return Result::kNeedMore;
    is_event_over_ = true;
    return dispatch(event);
}

bool SseReader::read_line(std::span<char>& line) {
    if (is_event_over_) {
        is_event_over_ = has_data_ = is_data_kept_ = has_several_lines_ = false;
        data_.release();
        name_.release();
    }
    if (is_line_over_) {
        is_line_over_ = false;
        line_.release();
    }
    if (skips_line_feed_ && cursor_ < end_) {
        skips_line_feed_ = false;
        if (*cursor_ == '\n') ++cursor_;
    }
    char* const stop = line_end();
    if (stop == end_) return false;
    line = {cursor_, stop};
    skips_line_feed_ = *stop == '\r';
    cursor_ = stop + 1;
    if (!line_.is_empty()) {
        append_padded(line_, view_of(line));
        is_line_over_ = true;
        line = line_.text();
    }
    if (is_at_start_ && view_of(line).substr(0, kByteOrderMark.size()) == kByteOrderMark) {
        line = line.subspan(kByteOrderMark.size());
    }
    is_at_start_ = false;
    return true;
}

// Both positions are remembered: however line ends are mixed, each byte is searched twice at most.
char* SseReader::line_end() {
    if (cursor_ == end_) return end_;
    if (next_feed_ == nullptr || next_feed_ < cursor_) next_feed_ = find(cursor_, end_, '\n');
    if (next_return_ == nullptr || next_return_ < cursor_) next_return_ = find(cursor_, end_, '\r');
    return std::min(next_feed_, next_return_);
}

void SseReader::take_line(std::span<char> line) {
    const std::string_view text = view_of(line);
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view field = text.substr(0, colon);
    std::size_t value = std::min(colon + 1, text.size());
    if (value < text.size() && text[value] == ' ') ++value;
    if (field == "data")
        take_data(line.subspan(value));
    else if (field == "event")
        name_.text().assign(text.substr(value));
}

void SseReader::take_data(std::span<char> value) {
    if (!has_data_) {
        has_data_ = true;
        data_in_place_ = value;
        if (is_line_over_) take_over_line();
        return;
    }
    keep_data();
    has_several_lines_ = true;
    append_padded(data_, "\n");
    append_padded(data_, view_of(value));
}

// The data lies in line_, which the next line replaces.
void SseReader::take_over_line() {
    std::string& line = line_.text();
    line.erase(0, static_cast<std::size_t>(data_in_place_.data() - line.data()));
    data_.swap(line_);
    line_.release();
    is_line_over_ = false;
    is_data_kept_ = true;
}

bool SseReader::is_too_large() const noexcept {
    return (is_line_over_ ? 0 : line_.size()) + data_.size() > max_event_bytes_;
}

void SseReader::keep_data() {
    if (is_data_kept_) return;
    is_data_kept_ = true;
    append_padded(data_, view_of(data_in_place_));
}

// What the fed bytes leave behind; they may be gone with the next call.
void SseReader::keep_rest() {
    if (has_data_) keep_data();
    if (cursor_ == end_) return;
    append_padded(line_, {cursor_, static_cast<std::size_t>(end_ - cursor_)});
    cursor_ = end_;
}

bool SseReader::has_data() const noexcept {
    return has_data_ && !(is_data_kept_ ? data_.is_empty() : data_in_place_.empty());
}

SseReader::Result SseReader::dispatch(SseEvent& event) {
    event.name = name_.view();
    event.data = is_data_kept_ ? std::span<char>(data_.text()) : data_in_place_;
    event.has_several_lines = has_several_lines_;
    return Result::kEvent;
}

}  // namespace sluice::openai
