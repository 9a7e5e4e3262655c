// What is taken under one key of a fake store.
#pragma once

#include "sluice/ext/store.h"

#include <algorithm>
#include <cstdint>
#include <map>

namespace sluice {
namespace testing {

// The quota of sluice/ext/store.h, written down plainly: amounts by the time at which they expire, in microseconds.
class FakeQuota {
public:
    struct Outcome {
        bool is_taken = false;
        std::uint64_t ticket = 0;
        std::uint64_t wait_us = 0;
    };

    Outcome take(const sluice_quota& quota, std::uint64_t now_us) {
        expire(now_us);
        if (quota.amount > quota.limit || total() > quota.limit - quota.amount) {
            return {false, 0, until_fits(quota, now_us)};
        }
        const bool is_queued = (quota.flags & static_cast<std::uint32_t>(SLUICE_QUOTA_QUEUED)) != 0;
        const std::uint64_t last = parts_.empty() ? 0 : parts_.rbegin()->first;
        const std::uint64_t begin = is_queued ? (std::max)(now_us, last) : now_us;
        const std::uint64_t count = is_queued ? static_cast<std::uint64_t>(quota.amount) : 1;
        const std::uint64_t ticket = rounded(begin + quota.ttl_us * count, quota.ttl_us);
        parts_[ticket] += quota.amount;
        return {true, ticket, parts_.begin()->first - now_us};
    }
    void give_back(std::int64_t amount, std::uint64_t ticket, std::uint64_t now_us) {
        expire(now_us);
        const auto part = parts_.find(ticket);
        if (part != parts_.end() && (part->second -= amount) <= 0) {
            parts_.erase(part);
        }
    }
    Outcome renew(std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us, std::uint64_t now_us) {
        give_back(amount, ticket, now_us);
        const std::uint64_t renewed = rounded(now_us + ttl_us, ttl_us);
        parts_[renewed] += amount;
        return {true, renewed, parts_.begin()->first - now_us};
    }
    std::int64_t total_at(std::uint64_t now_us) {
        expire(now_us);
        return total();
    }
    std::int64_t total() const noexcept {
        std::int64_t sum = 0;
        for (const auto& part : parts_) {
            sum += part.second;
        }
        return sum;
    }

private:
    static std::uint64_t rounded(std::uint64_t expires_us, std::uint64_t ttl_us) noexcept {
        const std::uint64_t step = (std::max)(std::uint64_t{1}, ttl_us / 16384);
        return (expires_us + step - 1) / step * step;
    }
    void expire(std::uint64_t now_us) { parts_.erase(parts_.begin(), parts_.upper_bound(now_us)); }
    std::uint64_t until_fits(const sluice_quota& quota, std::uint64_t now_us) const noexcept {
        std::int64_t left = total();
        std::uint64_t wait = 0;
        for (const auto& part : parts_) {
            left -= part.second;
            wait = part.first - now_us;
            if (left <= quota.limit - quota.amount) {
                break;
            }
        }
        return wait;
    }

    std::map<std::uint64_t, std::int64_t> parts_;
};

}  // namespace testing
}  // namespace sluice
