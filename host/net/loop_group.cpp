#include "net/loop_group.hpp"

namespace sluice::net {

LoopGroup::LoopGroup(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<EventLoop>(i));
}

void LoopGroup::start() {
    for (auto& loop : loops_) loop->start();
}

void LoopGroup::stop_and_join() {
    for (auto& loop : loops_) loop->stop_and_join();
}

}  // namespace sluice::net
