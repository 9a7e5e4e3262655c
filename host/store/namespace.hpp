#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "store/asker.hpp"

namespace sluice::store {

/// A part of a quota to be taken; what it means stands in sluice/ext/store.h (sluice_quota).
struct Quota {
    std::int64_t amount = 1;
    std::int64_t limit = 1;
    std::uint64_t ttl_us = 1;
    bool is_queued = false;
};

/// For how long a value is kept; nullopt: for ever.
using Ttl = std::optional<std::chrono::milliseconds>;

/// One namespace in one kind of store: what sluice.host.store/1 offers, its arguments checked already. Every function
/// answers exactly once, through its asker, and never blocks: memory answers at once, the others from a thread of
/// theirs. What one thread asks of one key happens in that order. [any-thread]
class Namespace {
public:
    virtual ~Namespace() = default;

    virtual void get(std::string_view key, const Asker& asker) = 0;
    virtual void put(std::string_view key, std::string_view value, Ttl ttl, const Asker& asker) = 0;
    virtual void remove(std::string_view key, const Asker& asker) = 0;
    virtual void add(std::string_view key, std::int64_t delta, Ttl ttl, const Asker& asker) = 0;
    virtual void compare_and_set(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                                 Ttl ttl, const Asker& asker) = 0;
    virtual void scan(std::string_view prefix, std::string_view cursor, std::size_t max_items, const Asker& asker) = 0;
    virtual void take(std::string_view key, const Quota& quota, const Asker& asker) = 0;
    virtual void give_back(std::string_view key, std::int64_t amount, std::uint64_t ticket, const Asker& asker) = 0;
    virtual void renew(std::string_view key, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
                       const Asker& asker) = 0;
};

}  // namespace sluice::store
