// The keys of an instance, as the requests of one loop use them.
#pragma once

#include <optional>

#include "server_keys.hpp"

namespace sluice::openai {

// [loop-thread]
class LoopKeys {
public:
    // Both outlive it.
    LoopKeys(const HostServices& services, sluice_loop* loop, ServerKeys& keys)
        : services_(services), loop_(loop), keys_(keys) {}

    // As those of ServerKeys.
    std::optional<UpstreamKey> take(std::uint64_t& wait_ms) { return keys_.take(now_ns(), wait_ms); }
    void judge(UpstreamKey& key, const ResponseHead& head) {
        if (key.is_judged_by(head.status) && keys_.judge(key, head, now_ns())) show();
    }
    bool are_all_retired() const { return keys_.are_all_retired(now_ns()); }

private:
    std::uint64_t now_ns() const noexcept { return services_.loop->now_ns(loop_); }

    // A rest ends by itself, and has to be seen to: whoever shows that it began comes back when it is over.
    void show() {
        const std::uint64_t next_ms = keys_.show(now_ns());
        const auto on_time = [](void* ctx) noexcept { static_cast<LoopKeys*>(ctx)->show(); };
        if (next_ms > 0) timer_.set(services_, loop_, next_ms, on_time, this);
    }

    const HostServices& services_;
    sluice_loop* const loop_;
    ServerKeys& keys_;
    Timer timer_;
};

}  // namespace sluice::openai
