// What an instance has on each loop: everything calls need there is reached without a lock.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string>
#include <vector>

#include "connection_pool.hpp"
#include "head_parser.hpp"
#include "receive_buffer.hpp"
#include "send_queue.hpp"
#include "tls.hpp"
#include "upstream_target.hpp"
#include "warm_up.hpp"

namespace sluice::openai {

struct LoopState {
    LoopState(const UpstreamTarget& upstream, sluice_loop* own_loop)
        : target(upstream),
          loop(own_loop),
          sends(upstream.services, own_loop),
          pool(upstream.services, own_loop, upstream.config.idle_timeout, buffer.drain_space(),
               [this] { warm_up.refill(); }),
          warm_up(upstream, own_loop, sessions, pool) {}
    LoopState(const LoopState&) = delete;
    LoopState& operator=(const LoopState&) = delete;

    std::uint64_t now_ns() const noexcept { return target.services.loop->now_ns(loop); }

    const UpstreamTarget& target;
    sluice_loop* const loop;
    ReceiveBuffer buffer;  // of the read that is being worked on
    SendQueue sends;
    std::string send_buffer;
    ResponseHead head;  // of the answer that is being worked on
    simdjson::dom::parser parser;
    TlsSessionCache sessions;
    ConnectionPool pool;
    WarmUp warm_up;
};

}  // namespace sluice::openai
