#include "net/loop_group.hpp"

#include <future>
#include <memory>

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

void LoopGroup::settle() {
    for (auto& loop : loops_) {
        auto done = std::make_shared<std::promise<void>>();
        auto when_done = done->get_future();
        if (!loop->is_current() && loop->post([done] { done->set_value(); })) when_done.wait();
    }
}

}  // namespace sluice::net
