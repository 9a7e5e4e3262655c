// What the instance counts; all of it may be absent.
#pragma once

#include <cstdint>

#include "key_pool.hpp"
#include "loop_objects.hpp"

namespace sluice::openai {

enum class Outcome { kSuccess, kUpstreamError, kFailure, kCancelled, kRefused };

class Metrics {
public:
    // [main-thread]
    explicit Metrics(const HostServices& services);

    // [any-thread] from here on.
    void count_opened() const { add(opened_); }
    void count_reused() const { add(reused_); }
    void count(Outcome outcome) const { add(outcomes_[static_cast<std::size_t>(outcome)]); }
    void observe_first_byte(std::uint64_t nanoseconds) const {
        if (api_ != nullptr) api_->set(first_byte_, static_cast<double>(nanoseconds) * 1e-9);
    }
    void add_keys(KeyState state, double difference) const {
        if (api_ != nullptr) api_->add(keys_[static_cast<std::size_t>(state)], difference);
    }
    sluice_metric* open_gauge() const noexcept { return open_; }

private:
    static constexpr std::size_t kOutcomeCount = 5;
    static constexpr std::size_t kKeyStateCount = 3;

    void add(sluice_metric* metric) const {
        if (api_ != nullptr) api_->add(metric, 1);
    }

    const sluice_host_metrics* api_;
    sluice_metric* opened_ = nullptr;
    sluice_metric* reused_ = nullptr;
    sluice_metric* open_ = nullptr;
    sluice_metric* outcomes_[kOutcomeCount] = {};
    sluice_metric* first_byte_ = nullptr;
    sluice_metric* keys_[kKeyStateCount] = {};
};

}  // namespace sluice::openai
