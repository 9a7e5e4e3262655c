#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "wire/file_descriptor.hpp"

namespace sluice::bench {

/// A level-triggered epoll set whose events carry the descriptor's number.
class Poller {
public:
    Poller();

    void add(const FileDescriptor& descriptor, std::uint32_t interest);
    void change(const FileDescriptor& descriptor, std::uint32_t interest);

    /// Events that are ready within `limit`; a negative limit waits without end. Valid until the next call.
    std::span<const epoll_event> wait(std::chrono::milliseconds limit);

private:
    FileDescriptor set_;
    std::vector<epoll_event> ready_;
};

}  // namespace sluice::bench
