#include "process/input_queue.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace sluice::claude_code {
namespace {

constexpr std::size_t kMostAtOnce = 1u << 20;

}  // namespace

void InputQueue::push(std::string record) {
    if (!record.empty()) records_.push_back(std::move(record));
}

void InputQueue::drop_unbegun() { records_.resize(written_ > 0 ? 1 : 0); }

InputQueue::Outcome InputQueue::write_to(int socket) noexcept {
    std::size_t total = 0;
    while (!records_.empty() && total < kMostAtOnce) {
        const std::string& record = records_.front();
        const ssize_t sent = ::send(socket, record.data() + written_, record.size() - written_, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno == EAGAIN ? Outcome::kWaiting : Outcome::kClosed;
        total += static_cast<std::size_t>(sent);
        written_ += static_cast<std::size_t>(sent);
        if (written_ < record.size()) continue;
        records_.pop_front();
        written_ = 0;
    }
    return records_.empty() ? Outcome::kEmpty : Outcome::kWaiting;
}

}  // namespace sluice::claude_code
