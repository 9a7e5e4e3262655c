// The end of what was said.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::claude_code {

// Keeps the last `most` bytes of all that is appended.
class ByteTail {
public:
    explicit ByteTail(std::size_t most) noexcept : most_(most) {}

    void append(std::string_view bytes) {
        if (bytes.size() > most_) bytes.remove_prefix(bytes.size() - most_);
        // Cut now and then rather than each time: a talkative program would have the tail moved with every piece.
        if (bytes_.size() + bytes.size() > most_ + kSlack) cut(most_ - bytes.size());
        bytes_ += bytes;
    }
    // Gives the tail away.
    std::string take() {
        cut(most_);
        return std::move(bytes_);
    }

private:
    static constexpr std::size_t kSlack = 64u << 10;

    void cut(std::size_t most) {
        if (bytes_.size() > most) bytes_.erase(0, bytes_.size() - most);
    }

    const std::size_t most_;
    std::string bytes_;
};

}  // namespace sluice::claude_code
