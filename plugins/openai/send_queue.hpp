// The requests of one loop that are ready to be sent: they go out together at the end of the loop's round.
#pragma once

#include <cstddef>
#include <vector>

#include "loop_objects.hpp"

namespace sluice::openai {

class Exchange;

/*
 * Rationale: a send wakes the upstream, and under load most of its cost is that wake-up. Sent one right behind the
 * other, many requests wake it once. [loop-thread]
 */
class SendQueue {
public:
    SendQueue(const HostServices& services, sluice_loop* loop) : services_(services), loop_(loop) {}
    SendQueue(const SendQueue&) = delete;
    SendQueue& operator=(const SendQueue&) = delete;

    // Has exchange.send_now() called at the end of this round. Returns its place, for remove().
    std::size_t add(Exchange& exchange);
    void remove(std::size_t place) noexcept { waiting_[place] = nullptr; }

private:
    void send_all();

    const HostServices& services_;
    sluice_loop* const loop_;
    std::vector<Exchange*> waiting_;
};

}  // namespace sluice::openai
