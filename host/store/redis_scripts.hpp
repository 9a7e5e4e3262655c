#pragma once

#include <span>
#include <string_view>

namespace sluice::store {

/// What a RedisStore runs on the server, each atomic and in one round trip. KEYS[1] is the one key of an operation,
/// ARGV its arguments. Every result is a list that ends with the number 1: an answer that was cut off is no answer.
struct RedisScript {
    std::string_view name;
    std::string_view functions;  ///< what stands before the text
    std::string_view text;
};

namespace redis_scripts {

extern const RedisScript kGet;     ///< -> {value or null, 1}
extern const RedisScript kPut;     ///< value, ttl_ms -> {1}
extern const RedisScript kRemove;  ///< -> {1}
extern const RedisScript kAdd;     ///< delta, ttl_ms -> {sum as text, 1}
extern const RedisScript
    kCompareAndSet;  ///< has_expected, expected, value, ttl_ms -> {is_set, present value or null, 1}
/// cursor, pattern, most items, bytes to cut off the keys, keys left over -> {cursor, keys, values, keys left over, 1};
/// where keys were left over they are given, and the cursor is not moved. KEYS[1] is what all keys begin with.
extern const RedisScript kScan;
extern const RedisScript kTake;      ///< amount, limit, ttl_us, is_queued -> {is_taken, total, ticket, wait_us, 1}
extern const RedisScript kGiveBack;  ///< amount, ticket -> {1}
extern const RedisScript kRenew;     ///< amount, ticket, ttl_us -> {1, total, ticket, wait_us, 1}

/// All of them.
std::span<const RedisScript* const> all() noexcept;

}  // namespace redis_scripts
}  // namespace sluice::store
