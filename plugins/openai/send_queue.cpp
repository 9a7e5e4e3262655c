#include "send_queue.hpp"

#include <new>

#include "exchange.hpp"

namespace sluice::openai {

std::size_t SendQueue::add(Exchange& exchange) {
    if (waiting_.empty()) {
        const auto run = [](void* ctx) { static_cast<SendQueue*>(ctx)->send_all(); };
        if (services_.loop->defer(loop_, run, this) < 0) throw std::bad_alloc();
    }
    waiting_.push_back(&exchange);
    return waiting_.size() - 1;
}

void SendQueue::send_all() {
    // By index: a failed one may end others, and start new ones.
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        if (waiting_[i] != nullptr) waiting_[i]->send_now();
    }
    waiting_.clear();
}

}  // namespace sluice::openai
