// Reads a stream of server-sent events, cut anywhere (WHATWG HTML, "Server-sent events").
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "rare_text.hpp"

namespace sluice::openai {

// One event. Valid until the next call of the reader; at least 64 readable bytes follow `data` in memory.
struct SseEvent {
    std::string_view name;  // of the `event:` field, or empty
    std::span<char> data;   // of the `data:` fields, joined by LF
    bool has_several_lines = false;
};

/*
 * Give it bytes with feed(), take events with next() until it has none, then feed() again. An event that lies whole
 * in the fed bytes is handed out where it lies. The fed bytes must stay, with 64 readable bytes behind them, until
 * next() said kNeedMore: only then is what is left of them copied.
 *
 * Line ends may be LF, CR or CRLF, also cut between two feeds; a BOM at the very beginning, comments, `id`, `retry`
 * and unknown fields are skipped; an event without data is none.
 */
class SseReader {
public:
    enum class Result { kEvent, kNeedMore, kTooLarge };

    static constexpr std::size_t kDefaultMaxEventBytes = 16u << 20;

    explicit SseReader(std::size_t max_event_bytes = kDefaultMaxEventBytes) : max_event_bytes_(max_event_bytes) {}

    void feed(std::span<char> bytes) noexcept;
    Result next(SseEvent& event);
    // The stream is over: a last event without its blank line counts. Call it after kNeedMore.
    Result finish(SseEvent& event);

private:
    // Points to a line's bytes without its end; false if the line is not complete yet.
    bool read_line(std::span<char>& line);
    char* line_end();
    void take_line(std::span<char> line);
    void take_data(std::span<char> value);
    void take_over_line();
    void keep_data();
    void keep_rest();
    bool is_too_large() const noexcept;
    bool has_data() const noexcept;
    Result dispatch(SseEvent& event);

    std::size_t max_event_bytes_;
    char* cursor_ = nullptr;
    char* end_ = nullptr;
    char* next_feed_ = nullptr;      // the nearest LF at or behind the cursor, end_ if there is none
    char* next_return_ = nullptr;    // as next_feed_, for CR
    std::span<char> data_in_place_;  // the event's only data so far, inside the fed bytes
    RareText data_;
    RareText line_;  // of a line that is not complete yet; after it is, until the next line
    RareText name_;
    bool has_data_ = false;
    bool is_data_kept_ = false;  // in data_ rather than in place
    bool has_several_lines_ = false;
    bool is_event_over_ = false;  // it was handed out: forget it with the next call
    bool is_line_over_ = false;   // the same for line_
    bool skips_line_feed_ = false;
    bool is_at_start_ = true;
};

}  // namespace sluice::openai
