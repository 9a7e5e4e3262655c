// Lines out of a stream of bytes.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::claude_code {

// Takes bytes as they come from a pipe, gives whole lines. A line is given as a view that stays valid until the next
// writable(); CliRecordReader::kPadding readable bytes follow it.
class NdjsonLineBuffer {
public:
    // No line is longer than `max_line_bytes`; one that is makes is_overlong() true for good.
    explicit NdjsonLineBuffer(std::size_t max_line_bytes);

    struct Space {
        char* data;
        std::size_t size;
    };
    // Room for at least 16 KiB more; commit() says how much of it was filled.
    Space writable();
    void commit(std::size_t count) noexcept;

    // The next whole line without its end (LF or CRLF); false if there is none yet. Empty lines are left out.
    bool next(std::string_view& line) noexcept;
    bool is_overlong() const noexcept { return is_overlong_; }
    // Bytes of a line whose end has not come.
    std::size_t unfinished() const noexcept;
    // Gives back memory that one long line made it take.
    void shrink();

private:
    const std::size_t max_line_bytes_;
    std::vector<char> bytes_;
    std::size_t begin_ = 0;    // of what is not given yet
    std::size_t scanned_ = 0;  // up to here there is no line end
    std::size_t end_ = 0;
    bool is_overlong_ = false;
};

}  // namespace sluice::claude_code
