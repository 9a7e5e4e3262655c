#pragma once

#include "observability/kept_record.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace sluice::observability {

/// Copies of the last records it was given. [any-thread]
/// Rationale: one ring in which every slot has a lock of its own, rather than a ring for each event loop. A loop takes
/// the next number and then meets nobody, unless somebody reads this very slot; and what is kept is the last requests
/// of the gateway, however few of its loops are in use.
class RecordRing {
public:
    /// Keeps `capacity` records; with 0 none. Memory is taken as records come, at most some KiB for each.
    explicit RecordRing(std::size_t capacity);

    /// Takes a copy, in the oldest one's place. Never throws; does not allocate once the ring is full and its slots
    /// have had records of that size.
    void keep(const RequestRecord& record) noexcept;

    /// Those of the requests with this id, newest first, at most `most`.
    std::vector<KeptRecord> find(std::string_view request_id, std::size_t most) const;
    /// All, newest first, at most `most`.
    std::vector<KeptRecord> last(std::size_t most) const;

    std::size_t capacity() const noexcept { return capacity_; }
    /// How many records are kept.
    std::size_t size() const noexcept;

private:
    struct alignas(64) Slot {  // neighbours are different loops' at the same time
        mutable std::mutex mutex;
        std::uint64_t number = 0;  ///< of the record in it, from 1 on; 0: none
        std::unique_ptr<KeptRecord> record;
    };
    template <class Matches>
    std::vector<KeptRecord> newest(std::size_t most, Matches matches) const;
    Slot& slot_of(std::uint64_t number) const noexcept { return slots_[number % capacity_]; }

    const std::size_t capacity_;
    std::unique_ptr<Slot[]> slots_;
    std::atomic<std::uint64_t> last_number_{0};
};

}  // namespace sluice::observability
