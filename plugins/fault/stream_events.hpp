// The events of a good stream, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "answer_text.hpp"

namespace sluice::fault {

struct StreamEvent {
    std::string name;  // empty on chat streams
    std::string data;
};

// Borrows the text. An endless stream goes on behind the last token.
class StreamEvents {
public:
    StreamEvents(const AnswerText& text, bool is_endless);

    // False at the end. What comes next may be set aside with leave_out_last().
    bool next(StreamEvent& event);

    std::uint32_t tokens_given() const noexcept { return tokens_given_; }
    bool are_tokens_over() const noexcept { return !is_endless_ && tokens_given_ >= text_.count(); }
    std::uint64_t given() const noexcept { return given_; }
    // Keeps back the event that says that the answer is complete, where the dialect has one. True if it has.
    bool leave_out_last() noexcept;

private:
    void add_opening();
    void add_closing();
    StreamEvent token_event(std::string_view token);
    StreamEvent chunk(std::string_view choices, std::string_view usage) const;
    StreamEvent named(std::string_view type, const std::string& members);

    const AnswerText& text_;
    const bool is_endless_;
    bool is_closed_ = false;
    bool leaves_out_last_ = false;
    std::uint32_t tokens_given_ = 0;
    std::uint64_t given_ = 0;
    std::uint64_t sequence_ = 0;  // of named events
    std::vector<StreamEvent> ready_;
    std::size_t next_ready_ = 0;
};

}  // namespace sluice::fault
