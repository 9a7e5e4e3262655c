#include "sse_client/stream_observer.hpp"

#include <cstring>

#include "wire/time_stamp.hpp"

namespace sluice::bench {
namespace {

// memmem, not find: this runs for every event, and find stops at each of the many quotes.
bool contains(std::string_view text, std::string_view part) {
    return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

void StreamObserver::read(std::string_view piece, std::chrono::nanoseconds now, Listener& listener) {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
        const auto line = piece.substr(0, end);
        piece.remove_prefix(end + 1);
        if (partial_line_.empty()) {
            read_line(line, now, listener);
            continue;
        }
        partial_line_.append(line);
        read_line(partial_line_, now, listener);
        partial_line_.clear();
    }
    partial_line_.append(piece);
}

void StreamObserver::read_line(std::string_view line, std::chrono::nanoseconds now, Listener& listener) {
    constexpr std::string_view kField = "data:";
    if (!line.starts_with(kField)) return;
    const auto data = line.substr(kField.size());
    if (events_++ == 0) listener.on_first_event();
    if (contains(data, "[DONE]")) {
        done_count_++;
        return;
    }
    if (contains(data, "\"finish_reason\":\"")) has_finish_reason_ = true;
    const auto sent = find_stamp(data);
    if (!sent) {
        has_error_event_ = has_error_event_ || contains(data, "\"error\"");
        return;
    }
    chunks_++;
    listener.on_chunk(now - *sent);
}

}  // namespace sluice::bench
