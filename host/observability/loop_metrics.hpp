#pragma once

#include "observability/endpoint_kind.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::observability {

/// A count with one writer and any number of readers.
/// Rationale: load and store instead of a locked add, because only the owning loop writes (1 ns instead of 6).
class Tally {
public:
    void add(std::uint64_t amount) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Durations in fixed buckets. One writer, any number of readers.
class DurationHistogram {
public:
    /// Upper bounds of the buckets in nanoseconds; what is longer goes into one more.
    static constexpr std::array<std::int64_t, 17> kBoundsNs =
        [] {
            std::array<std::int64_t, 17>
                bounds{500,       1'000,      2'500,      5'000,       10'000,     25'000,
                       50'000,    100'000,    250'000,    500'000,     1'000'000,  2'500'000,
                       5'000'000, 10'000'000, 30'000'000, 100'000'000, 300'000'000};  // microseconds
            for (std::int64_t& bound : bounds) {
                bound *= 1000;
            }
            return bounds;
        }();

    void observe(std::chrono::nanoseconds duration) noexcept {
        const std::int64_t nanoseconds = std::max<std::int64_t>(duration.count(), 0);
        // All bounds are compared: without a branch to guess that takes less time than to stop at the right one.
        std::size_t bucket = 0;
        for (const std::int64_t bound : kBoundsNs) {
            bucket += nanoseconds > bound ? 1 : 0;
        }
        buckets_[bucket].add(1);
        sum_ns_.add(static_cast<std::uint64_t>(nanoseconds));
    }
    std::uint64_t bucket(std::size_t index) const noexcept { return buckets_[index].get(); }
    std::uint64_t sum_ns() const noexcept { return sum_ns_.get(); }

private:
    std::array<Tally, kBoundsNs.size() + 1> buckets_;
    Tally sum_ns_;
};

/// Where a backend instance's counts are kept; given by Metrics::backend_slot().
enum class BackendSlot : std::uint8_t { kNone = 0 };

/// What is counted about one finished request.
struct RequestSample {
    EndpointKind endpoint = EndpointKind::kNone;
    BackendSlot backend = BackendSlot::kNone;
    EndedBy ended_by = EndedBy::kHost;
    int status = 0;  ///< 0: none was sent
    std::uint32_t attempts = 0;
    std::chrono::nanoseconds duration{0};
    std::chrono::nanoseconds first_byte{0};  ///< 0: no byte was sent
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;
};

/// The counts of one event loop. Written by that loop's thread only, without locks; read by scrapes at any time.
class alignas(64) LoopMetrics {
public:
    static constexpr std::size_t kBackendSlots = 64;
    static constexpr std::size_t kStatusClasses = 6;  ///< none, 1xx, 2xx, 3xx, 4xx, 5xx

    void connection_opened() noexcept { connections_opened_.add(1); }
    void connection_closed() noexcept { connections_closed_.add(1); }
    void exchange_started() noexcept { exchanges_started_.add(1); }
    void bytes_received(std::uint64_t bytes) noexcept { bytes_received_.add(bytes); }
    void bytes_sent(std::uint64_t bytes) noexcept { bytes_sent_.add(bytes); }

    /// Ends an exchange that exchange_started() began.
    void exchange_ended(const RequestSample& sample) noexcept {
        exchanges_ended_.add(1);
        const auto slot = static_cast<std::size_t>(sample.backend) % kBackendSlots;
        Backend& backend = backends_[slot];
        const auto endpoint = static_cast<std::size_t>(sample.endpoint);
        backend.requests[endpoint][status_class(sample.status)].add(1);
        backend.ended_by[static_cast<std::size_t>(sample.ended_by)].add(1);
        backend.attempts.add(sample.attempts);
        backend.duration.observe(sample.duration);
        if (sample.first_byte.count() > 0) {
            backend.first_byte.observe(sample.first_byte);
        }
        backend.prompt_tokens.add(sample.prompt_tokens);
        backend.completion_tokens.add(sample.completion_tokens);
    }

    struct Backend {
        std::array<std::array<Tally, kStatusClasses>, kEndpointKindNames.size()> requests;
        std::array<Tally, kEndedByNames.size()> ended_by;
        Tally attempts;
        Tally prompt_tokens;
        Tally completion_tokens;
        DurationHistogram duration;
        DurationHistogram first_byte;
    };
    const Backend& backend(std::size_t slot) const noexcept { return backends_[slot]; }
    std::uint64_t connections_opened() const noexcept { return connections_opened_.get(); }
    std::uint64_t connections_closed() const noexcept { return connections_closed_.get(); }
    std::uint64_t exchanges_started() const noexcept { return exchanges_started_.get(); }
    std::uint64_t exchanges_ended() const noexcept { return exchanges_ended_.get(); }
    std::uint64_t total_bytes_received() const noexcept { return bytes_received_.get(); }
    std::uint64_t total_bytes_sent() const noexcept { return bytes_sent_.get(); }

private:
    static constexpr std::size_t status_class(int status) noexcept {
        return status >= 100 && status < 600 ? static_cast<std::size_t>(status) / 100 : 0;
    }

    Tally connections_opened_;
    Tally connections_closed_;
    Tally exchanges_started_;
    Tally exchanges_ended_;
    Tally bytes_received_;
    Tally bytes_sent_;
    std::array<Backend, kBackendSlots> backends_;
};

}  // namespace sluice::observability
