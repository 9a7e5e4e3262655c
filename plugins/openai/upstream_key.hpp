// The key that one request to the upstream is sent with.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "key_pool.hpp"

namespace sluice::openai {

// Its text is borrowed: from the client's request, or from the instance. Gives a trial back that got no answer.
class UpstreamKey {
public:
    static UpstreamKey of_client(std::string_view text) { return {text, Owner::kClient}; }
    // The only key of the server, or empty: nothing is learned of it.
    static UpstreamKey of_server(std::string_view text) { return {text, Owner::kServer}; }
    // One of several; `turn` is its turn in `pool`, which outlives it.
    static UpstreamKey of_pool(std::string_view text, KeyPool& pool, const KeyPool::Turn& turn) {
        UpstreamKey key(text, Owner::kServer);
        key.pool_ = &pool;
        key.index_ = static_cast<std::uint32_t>(turn.index);
        key.is_trial_ = turn.is_trial;
        return key;
    }
    UpstreamKey(UpstreamKey&& other) noexcept
        : text_(other.text_),
          pool_(other.pool_),
          index_(other.index_),
          owner_(other.owner_),
          is_trial_(std::exchange(other.is_trial_, false)) {}
    UpstreamKey& operator=(UpstreamKey&&) = delete;
    ~UpstreamKey() {
        if (is_trial_) pool_->end_trial(index_);
    }

    std::string_view text() const noexcept { return text_; }
    bool is_clients() const noexcept { return owner_ == Owner::kClient; }
    // Its place in the pool.
    std::size_t index() const noexcept { return index_; }

    // Whether an answer of this status says anything about the key. Most do not, and cost no lock.
    bool is_judged_by(int status) const noexcept {
        return pool_ != nullptr && (is_trial_ || status == 401 || status == 403 || status == 429);
    }
    // Tells the pool of an answer that does.
    KeyChange judge(int status, std::uint64_t retry_after_ms, std::uint64_t now_ns) {
        return pool_->judge(index_, std::exchange(is_trial_, false), status, retry_after_ms, now_ns);
    }

private:
    enum class Owner : std::uint8_t { kClient, kServer };

    UpstreamKey(std::string_view text, Owner owner) : text_(text), owner_(owner) {}

    std::string_view text_;
    KeyPool* pool_ = nullptr;
    std::uint32_t index_ = 0;
    Owner owner_;
    bool is_trial_ = false;
};

}  // namespace sluice::openai
