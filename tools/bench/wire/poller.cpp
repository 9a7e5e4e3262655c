#include "wire/poller.hpp"

namespace sluice::bench {
namespace {

constexpr std::size_t kEventsPerWait = 1024;

}  // namespace

Poller::Poller() : set_(epoll_create1(EPOLL_CLOEXEC)), ready_(kEventsPerWait) {}

void Poller::add(const FileDescriptor& descriptor, std::uint32_t interest) {
    epoll_event event{};
    event.events = interest;
    event.data.fd = descriptor.number();
    epoll_ctl(set_.number(), EPOLL_CTL_ADD, descriptor.number(), &event);
}

void Poller::change(const FileDescriptor& descriptor, std::uint32_t interest) {
    epoll_event event{};
    event.events = interest;
    event.data.fd = descriptor.number();
    epoll_ctl(set_.number(), EPOLL_CTL_MOD, descriptor.number(), &event);
}

std::span<const epoll_event> Poller::wait(std::chrono::milliseconds limit) {
    const int count =
        epoll_wait(set_.number(), ready_.data(), static_cast<int>(ready_.size()), static_cast<int>(limit.count()));
    return {ready_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace sluice::bench
