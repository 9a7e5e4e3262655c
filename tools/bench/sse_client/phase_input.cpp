#include "sse_client/phase_input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace sluice::bench {

PhaseInput::PhaseInput() { ::fcntl(STDIN_FILENO, F_SETFL, ::fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK); }

std::optional<std::string> PhaseInput::next() {
    read();
    const auto end = text_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string name = text_.substr(0, end);
    text_.erase(0, end + 1);
    return name;
}

void PhaseInput::read() {
    std::array<char, 256> buffer;
    ssize_t count = 0;
    while (!is_over_ && (count = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0) {
        text_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    is_over_ = is_over_ || count == 0;
}

}  // namespace sluice::bench
