#include "store/quota_slots.hpp"

#include <algorithm>
#include <limits>

#include "store/quota_resolution.hpp"

namespace sluice::store {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
// Far beyond any gateway's life, and far enough from the end of the type for sums.
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max() / 4;

std::uint64_t capped(std::uint64_t a, std::uint64_t b) noexcept {
    return a >= kNever || b >= kNever - a ? kNever : a + b;
}

std::uint64_t times(std::uint64_t time_us, std::int64_t count) noexcept {
    const auto factor = static_cast<std::uint64_t>(count);
    return time_us >= kNever / factor ? kNever : time_us * factor;
}

std::int64_t sum(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t result = 0;
    return __builtin_add_overflow(a, b, &result) ? kMost : result;
}

std::uint64_t expiry_us(std::uint64_t begin_us, std::uint64_t lasts_us, std::uint64_t ttl_us) noexcept {
    const std::uint64_t expires_us = capped(begin_us, lasts_us);
    return expires_us == kNever ? kNever : rounded_expiry_us(expires_us, std::min(ttl_us, kNever));
}

}  // namespace

QuotaSlots::Outcome QuotaSlots::take(const Quota& quota, std::uint64_t now_us) {
    expire(now_us);
    std::int64_t after = 0;
    const bool is_too_much = __builtin_add_overflow(total_, quota.amount, &after) || after > quota.limit;
    if (is_too_much) return {false, 0, until_fits_us(quota, now_us)};
    const std::uint64_t begin_us = quota.is_queued ? std::max(now_us, last_expiry_us()) : now_us;
    const std::uint64_t lasts_us = quota.is_queued ? times(quota.ttl_us, quota.amount) : quota.ttl_us;
    const std::uint64_t ticket = expiry_us(begin_us, lasts_us, quota.ttl_us);
    insert(ticket, quota.amount);
    return {true, ticket, parts_[first_].expires_us - now_us};
}

void QuotaSlots::give_back(std::int64_t amount, std::uint64_t ticket, std::uint64_t now_us) {
    expire(now_us);
    const Position part = find(ticket);
    if (part == parts_.end()) return;
    if (amount > 0) {
        reduce(part, amount);
    } else {
        const std::int64_t added = amount == std::numeric_limits<std::int64_t>::min() ? kMost : -amount;
        const std::int64_t room = kMost - std::max(total_, part->amount);
        part->amount += std::min(added, room);
        total_ += std::min(added, room);
    }
}

QuotaSlots::Outcome QuotaSlots::renew(std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
                                      std::uint64_t now_us) {
    expire(now_us);
    if (const Position part = find(ticket); part != parts_.end()) reduce(part, amount);
    const std::uint64_t renewed = expiry_us(now_us, ttl_us, ttl_us);
    insert(renewed, std::min(amount, kMost - total_));
    return {true, renewed, parts_[first_].expires_us - now_us};
}

void QuotaSlots::expire(std::uint64_t now_us) {
    while (first_ < parts_.size() && parts_[first_].expires_us <= now_us) total_ -= parts_[first_++].amount;
    if (first_ == parts_.size()) {
        parts_.clear();
        first_ = 0;
    } else if (first_ >= 16 && first_ > parts_.size() / 2) {
        parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
        // A burst that is over gives its memory back.
        if (parts_.capacity() > 4 * parts_.size()) parts_.shrink_to_fit();
    }
}

QuotaSlots::Position QuotaSlots::find(std::uint64_t ticket) {
    const Position begin = parts_.begin() + static_cast<std::ptrdiff_t>(first_);
    const Position found = std::lower_bound(
        begin, parts_.end(), ticket, [](const Part& part, std::uint64_t time_us) { return part.expires_us < time_us; });
    return found != parts_.end() && found->expires_us == ticket ? found : parts_.end();
}

void QuotaSlots::insert(std::uint64_t expires_us, std::int64_t amount) {
    total_ = sum(total_, amount);
    const Position begin = parts_.begin() + static_cast<std::ptrdiff_t>(first_);
    // From the back: most are the last to expire.
    Position behind = parts_.end();
    if (behind != begin && (behind - 1)->expires_us >= expires_us) {
        behind = std::lower_bound(begin, parts_.end(), expires_us,
                                  [](const Part& part, std::uint64_t time_us) { return part.expires_us < time_us; });
    }
    if (behind != parts_.end() && behind->expires_us == expires_us) {
        behind->amount = sum(behind->amount, amount);
    } else {
        parts_.insert(behind, {expires_us, amount});
    }
}

std::int64_t QuotaSlots::reduce(Position part, std::int64_t amount) {
    const std::int64_t taken_off = std::min(amount, part->amount);
    part->amount -= taken_off;
    total_ -= taken_off;
    if (part->amount <= 0) parts_.erase(part);
    return taken_off;
}

std::uint64_t QuotaSlots::until_fits_us(const Quota& quota, std::uint64_t now_us) const {
    std::int64_t left = total_;
    for (std::size_t index = first_; index < parts_.size(); ++index) {
        left -= parts_[index].amount;
        const bool fits = left <= quota.limit && quota.limit - left >= quota.amount;
        if (fits || index + 1 == parts_.size()) return parts_[index].expires_us - now_us;
    }
    return 0;
}

}  // namespace sluice::store
