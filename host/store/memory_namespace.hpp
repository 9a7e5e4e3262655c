#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "store/namespace.hpp"

namespace sluice::store {

/// A namespace in memory. Answers at once. Holds at most `max_bytes`, overhead counted: when it is full, what was not
/// used for longest is forgotten. [any-thread]
class MemoryNamespace final : public Namespace {
public:
    /// Monotonic time in microseconds.
    using Clock = std::function<std::uint64_t()>;

    explicit MemoryNamespace(std::size_t max_bytes, Clock clock = {});
    ~MemoryNamespace() override;

    /// What is held now, overhead counted.
    std::size_t held_bytes() const;

    // Namespace
    void get(std::string_view key, const Asker& asker) override;
    void put(std::string_view key, std::string_view value, Ttl ttl, const Asker& asker) override;
    void remove(std::string_view key, const Asker& asker) override;
    void add(std::string_view key, std::int64_t delta, Ttl ttl, const Asker& asker) override;
    void compare_and_set(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                         Ttl ttl, const Asker& asker) override;
    void scan(std::string_view prefix, std::string_view cursor, std::size_t max_items, const Asker& asker) override;
    void take(std::string_view key, const Quota& quota, const Asker& asker) override;
    void give_back(std::string_view key, std::int64_t amount, std::uint64_t ticket, const Asker& asker) override;
    void renew(std::string_view key, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
               const Asker& asker) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::store
