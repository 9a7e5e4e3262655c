// State that outlives the instance: values and quotas in a namespace of the host's store.
#pragma once

#include "sluice/cpp/error.hpp"
#include "sluice/cpp/loop.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/store.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
inline namespace v1 {

enum class StoreOutcome : std::int32_t {
    kOk = SLUICE_STORE_OK,
    kAbsent = SLUICE_STORE_ABSENT,
    kConflict = SLUICE_STORE_CONFLICT,
    kRefused = SLUICE_STORE_REFUSED,
    kFailed = SLUICE_STORE_FAILED
};

// A view of an answer; valid while the callback runs.
class StoreAnswer {
public:
    explicit StoreAnswer(const sluice_store_answer* answer) noexcept : answer_(answer) {}

    const sluice_store_answer* raw() const noexcept { return answer_; }
    StoreOutcome outcome() const noexcept { return static_cast<StoreOutcome>(answer_->outcome); }
    bool is_ok() const noexcept { return answer_->outcome == SLUICE_STORE_OK; }
    std::string_view value() const noexcept { return to_view(answer_->value); }
    std::int64_t number() const noexcept { return answer_->number; }
    std::uint64_t ticket() const noexcept { return answer_->ticket; }
    std::chrono::microseconds wait() const noexcept {
        return std::chrono::microseconds(static_cast<std::int64_t>(answer_->wait_us));
    }
    std::size_t item_count() const noexcept { return answer_->item_count; }
    const sluice_store_item& item(std::size_t index) const noexcept { return answer_->items[index]; }
    std::string_view cursor() const noexcept { return to_view(answer_->cursor); }

private:
    const sluice_store_answer* answer_;
};

// A part of a quota that is to be taken: see sluice_quota.
struct Quota {
    std::int64_t amount = 1;
    std::int64_t limit = 1;
    std::chrono::microseconds ttl{0};
    bool is_queued = false;  // a token bucket
};

// A namespace of the store. A small value: copy it freely; alive as long as the instance. Every thread may use it. What
// is asked is answered once, by `owner->*kMethod(StoreAnswer)`, which is noexcept: inside the call, where the answer is
// at hand and the caller is on `loop`, else later on `loop`. The owner lives until then. Functions without an owner are
// for those who do not want to know. Sizes beyond the limits of sluice/ext/store.h give SLUICE_E_INVALID and no answer.
class Store {
public:
    // An empty one, to be assigned to.
    Store() noexcept = default;
    // Opens the namespace; for constructors. Throws Error with the reason where it cannot be had. `is_durable`: it must
    // outlive the process, where its owner has not configured otherwise.
    Store(const sluice_host* host, std::string_view name, bool is_durable)
        : table_(static_cast<const sluice_host_store*>(host->get_interface(host, to_str(SLUICE_HOST_STORE_ID)))) {
        if (table_ == nullptr) {
            throw Error("internal_error", "this host has no store (" SLUICE_HOST_STORE_ID ")");
        }
        std::string problem;
        const sluice_text_sink sink = {
            &problem, [](void* ctx, sluice_str text) noexcept { *static_cast<std::string*>(ctx) += to_view(text); }};
        space_ = table_->open(host, to_str(name),
                              is_durable ? static_cast<std::uint32_t>(SLUICE_NAMESPACE_DURABLE) : 0u, sink);
        if (space_ == nullptr) {
            throw Error("internal_error", problem);
        }
    }

    explicit operator bool() const noexcept { return space_ != nullptr; }

    template <auto kMethod, class Owner>
    sluice_status get(Loop loop, std::string_view key, Owner* owner) const noexcept {
        return table_->get(space_, loop.raw(), to_str(key), &answer_to<kMethod, Owner>, owner);
    }
    template <auto kMethod, class Owner>
    sluice_status put(Loop loop, std::string_view key, std::string_view value, std::chrono::milliseconds ttl,
                      Owner* owner) const noexcept {
        return table_->put(space_, loop.raw(), to_str(key), to_str(value), count(ttl), &answer_to<kMethod, Owner>,
                           owner);
    }
    template <auto kMethod, class Owner>
    sluice_status remove(Loop loop, std::string_view key, Owner* owner) const noexcept {
        return table_->remove(space_, loop.raw(), to_str(key), &answer_to<kMethod, Owner>, owner);
    }
    template <auto kMethod, class Owner>
    sluice_status add(Loop loop, std::string_view key, std::int64_t delta, std::chrono::milliseconds ttl,
                      Owner* owner) const noexcept {
        return table_->add(space_, loop.raw(), to_str(key), delta, count(ttl), &answer_to<kMethod, Owner>, owner);
    }
    // nullopt for `expected`: only if there is no value.
    template <auto kMethod, class Owner>
    sluice_status compare_and_set(Loop loop, std::string_view key, std::optional<std::string_view> expected,
                                  std::string_view value, std::chrono::milliseconds ttl, Owner* owner) const noexcept {
        const sluice_str text = to_str(expected.value_or(std::string_view()));
        return table_->compare_and_set(space_, loop.raw(), to_str(key), expected ? &text : nullptr, to_str(value),
                                       count(ttl), &answer_to<kMethod, Owner>, owner);
    }
    template <auto kMethod, class Owner>
    sluice_status scan(Loop loop, std::string_view prefix, std::string_view cursor, std::size_t max_items,
                       Owner* owner) const noexcept {
        return table_->scan(space_, loop.raw(), to_str(prefix), to_str(cursor), max_items, &answer_to<kMethod, Owner>,
                            owner);
    }
    template <auto kMethod, class Owner>
    sluice_status take(Loop loop, std::string_view key, const Quota& quota, Owner* owner) const noexcept {
        const sluice_quota wanted = {sizeof(sluice_quota),
                                     quota.is_queued ? static_cast<std::uint32_t>(SLUICE_QUOTA_QUEUED) : 0u,
                                     quota.amount, quota.limit, count(quota.ttl)};
        return table_->take(space_, loop.raw(), to_str(key), &wanted, &answer_to<kMethod, Owner>, owner);
    }
    sluice_status give_back(Loop loop, std::string_view key, std::int64_t amount, std::uint64_t ticket) const noexcept {
        return table_->give_back(space_, loop.raw(), to_str(key), amount, ticket, nullptr, nullptr);
    }
    template <auto kMethod, class Owner>
    sluice_status give_back(Loop loop, std::string_view key, std::int64_t amount, std::uint64_t ticket,
                            Owner* owner) const noexcept {
        return table_->give_back(space_, loop.raw(), to_str(key), amount, ticket, &answer_to<kMethod, Owner>, owner);
    }
    template <auto kMethod, class Owner>
    sluice_status renew(Loop loop, std::string_view key, std::int64_t amount, std::uint64_t ticket,
                        std::chrono::microseconds ttl, Owner* owner) const noexcept {
        return table_->renew(space_, loop.raw(), to_str(key), amount, ticket, count(ttl), &answer_to<kMethod, Owner>,
                             owner);
    }

private:
    template <class Duration>
    static std::uint64_t count(Duration time) noexcept {
        return time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count());
    }
    template <auto kMethod, class Owner>
    static void answer_to(void* ctx, const sluice_store_answer* answer) noexcept {
        static_assert(std::is_nothrow_invocable_v<decltype(kMethod), Owner&, StoreAnswer>,
                      "what takes an answer of the store must be noexcept");
        (static_cast<Owner*>(ctx)->*kMethod)(StoreAnswer(answer));
    }

    const sluice_host_store* table_ = nullptr;
    sluice_namespace* space_ = nullptr;
};

// An answer that somebody waits for, with copies of what was in it.
//
//     AwaitedAnswer answer;
//     if (store.get<&AwaitedAnswer::take>(loop, key, &answer) == SLUICE_OK) answer.wait();
//
// For constructors, destructors and commands: never on a loop's thread.
class AwaitedAnswer {
public:
    StoreOutcome outcome = StoreOutcome::kFailed;
    std::string value;
    std::int64_t number = 0;
    std::uint64_t ticket = 0;
    std::vector<std::pair<std::string, std::string>> items;
    std::string cursor;

    void take(StoreAnswer answer) noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        outcome = answer.outcome();
        try {
            value = answer.value();
            number = answer.number();
            ticket = answer.ticket();
            cursor = answer.cursor();
            for (std::size_t index = 0; index < answer.item_count(); ++index) {
                items.emplace_back(to_view(answer.item(index).key), to_view(answer.item(index).value));
            }
        } catch (...) {
            outcome = StoreOutcome::kFailed;
        }
        is_there_ = true;
        changed_.notify_one();  // under the lock: who waits frees this object as soon as it gets it
    }
    void wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return is_there_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_there_ = false;
};

}  // namespace v1
}  // namespace sluice
