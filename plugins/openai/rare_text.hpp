// Text that most objects of a kind never have.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::openai {

// Takes a pointer's room until it is written to: of what waits in thousands of streams every byte counts.
class RareText {
public:
    bool is_empty() const noexcept { return text_ == nullptr || text_->empty(); }
    std::size_t size() const noexcept { return text_ == nullptr ? 0 : text_->size(); }
    std::string_view view() const noexcept { return text_ == nullptr ? std::string_view{} : *text_; }

    // For writing to.
    std::string& text() {
        if (text_ == nullptr) text_ = std::make_unique<std::string>();
        return *text_;
    }
    // Empties it and gives its memory back.
    void release() noexcept { text_.reset(); }
    void swap(RareText& other) noexcept { text_.swap(other.text_); }

private:
    std::unique_ptr<std::string> text_;
};

}  // namespace sluice::openai
