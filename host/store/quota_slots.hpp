#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/namespace.hpp"

namespace sluice::store {

/// What is taken under one key: parts with an amount and an expiry, sorted by expiry, those that expire together
/// merged. The quota of sluice/ext/store.h without key, lock and clock: the caller says what time it is, never going
/// back.
class QuotaSlots {
public:
    struct Outcome {
        bool is_taken = false;
        std::uint64_t ticket = 0;   ///< the expiry of the part
        std::uint64_t wait_us = 0;  ///< taken: until the next part expires; refused: until it would fit
    };

    Outcome take(const Quota& quota, std::uint64_t now_us);
    void give_back(std::int64_t amount, std::uint64_t ticket, std::uint64_t now_us);
    Outcome renew(std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us, std::uint64_t now_us);

    /// Puts a part in that was taken earlier and kept elsewhere.
    void restore(std::uint64_t expires_us, std::int64_t amount) { insert(expires_us, amount); }

    /// The sum of what is taken, as of the last function above.
    std::int64_t total() const noexcept { return total_; }
    /// When the last part expires; 0 if there is none.
    std::uint64_t last_expiry_us() const noexcept { return is_empty() ? 0 : parts_.back().expires_us; }
    bool is_empty() const noexcept { return first_ == parts_.size(); }
    /// Memory beside the object itself.
    std::size_t heap_bytes() const noexcept { return parts_.capacity() * sizeof(Part); }

private:
    struct Part {
        std::uint64_t expires_us;
        std::int64_t amount;
    };
    using Position = std::vector<Part>::iterator;

    void expire(std::uint64_t now_us);
    /// The part that expires at `ticket`, or end().
    Position find(std::uint64_t ticket);
    void insert(std::uint64_t expires_us, std::int64_t amount);
    /// Takes up to `amount` off a part, and the part away with its last; what was taken off.
    std::int64_t reduce(Position part, std::int64_t amount);
    std::uint64_t until_fits_us(const Quota& quota, std::uint64_t now_us) const;

    std::vector<Part> parts_;  // those before first_ have expired
    std::size_t first_ = 0;
    std::int64_t total_ = 0;
};

}  // namespace sluice::store
