// What a program has not taken yet of what it is told.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace sluice::claude_code {

// Records in their order; one that has begun to go out goes out whole.
class InputQueue {
public:
    enum class Outcome {
        kEmpty,    // all was written
        kWaiting,  // the socket takes no more for now
        kClosed,   // nobody reads
    };

    void push(std::string record);
    // Forgets all records of which nothing was written.
    void drop_unbegun();
    bool empty() const noexcept { return records_.empty(); }
    // Writes to a non-blocking socket what it takes, 1 MiB at most: the loop has others to serve.
    Outcome write_to(int socket) noexcept;

private:
    std::deque<std::string> records_;
    std::size_t written_ = 0;  // of the first one
};

}  // namespace sluice::claude_code
