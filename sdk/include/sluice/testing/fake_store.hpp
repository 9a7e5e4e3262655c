// A store in the test's hands.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/store.h"
#include "sluice/testing/breaches.hpp"
#include "sluice/testing/fake_clock.hpp"
#include "sluice/testing/fake_loop.hpp"
#include "sluice/testing/fake_quota.hpp"
#include "sluice/testing/host_parts.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// All namespaces of a fake host; time is the fake clock's. Answers come inside the call on the loop's thread, else
// through the loop, unless they are held. Every thread may use it.
class FakeStore {
public:
    FakeStore(FakeClock& clock, FakeLoop& loop, Breaches& breaches) : clock_(clock), loop_(loop), breaches_(breaches) {}
    FakeStore(const FakeStore&) = delete;
    FakeStore& operator=(const FakeStore&) = delete;

    // From now on every answer is SLUICE_STORE_FAILED, and nothing is done.
    void go_down() { set(is_down_, true); }
    // The same, once so many more questions are answered.
    void go_down_after(std::size_t questions) {
        const std::lock_guard<std::mutex> lock(mutex_);
        questions_left_ = questions;
    }
    void come_up() { set(is_down_, false); }
    // open() fails with this reason.
    void refuse_open(std::string reason) {
        const std::lock_guard<std::mutex> lock(mutex_);
        refusal_ = std::move(reason);
    }
    // What is asked from now on is done, but answered only by release_answers(), as by a store over a network.
    void hold_answers(bool is_held) { set(is_holding_, is_held); }
    std::size_t held_answers() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return held_.size();
    }
    // Gives the held answers, on the loop's thread, which the caller must be on.
    void release_answers() {
        std::vector<std::function<void()>> answers;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            answers.swap(held_);
        }
        for (const auto& answer : answers) {
            answer();
        }
    }

    std::optional<std::string> value(const std::string& space, const std::string& key) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::string* found = spaces_[space].find(key, now_ms());
        return found == nullptr ? std::nullopt : std::optional<std::string>(*found);
    }
    void set_value(const std::string& space, const std::string& key, std::string value) {
        const std::lock_guard<std::mutex> lock(mutex_);
        spaces_[space].values[key] = Value{std::move(value), 0};
    }
    // As after a restart of a store that keeps nothing on a disk.
    void lose_values(const std::string& space) {
        const std::lock_guard<std::mutex> lock(mutex_);
        spaces_[space].values.clear();
    }
    std::vector<std::string> keys(const std::string& space) {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::vector<std::string> names;
        for (const auto& entry : spaces_[space].values) {
            names.push_back(entry.first);
        }
        return names;
    }
    // What is taken under a key now.
    std::int64_t taken(const std::string& space, const std::string& key) {
        const std::lock_guard<std::mutex> lock(mutex_);
        return spaces_[space].quotas[key].total_at(now_us());
    }
    // The keys of quotas of which something is taken now.
    std::vector<std::string> quota_keys(const std::string& space) {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::vector<std::string> names;
        for (auto& entry : spaces_[space].quotas) {
            if (entry.second.total_at(now_us()) > 0) {
                names.push_back(entry.first);
            }
        }
        return names;
    }
    // How often a function was called: "get", "take", ...
    std::size_t calls(const std::string& function) {
        const std::lock_guard<std::mutex> lock(mutex_);
        return calls_[function];
    }

    // After destroy().
    void report_leaks() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!held_.empty()) {
            breaches_.add("an answer of the store is still owed to an instance that is gone");
            held_.clear();
        }
    }

    static const sluice_host_store& table() noexcept {
        static const sluice_host_store kTable = {
            sizeof(sluice_host_store), 0,     &open, &get,       &put,  &remove, &add,
            &compare_and_set,          &scan, &take, &give_back, &renew};
        return kTable;
    }

private:
    struct Value {
        std::string text;
        std::uint64_t expires_ms = 0;
    };
    struct Space {
        FakeStore* store = nullptr;
        std::map<std::string, Value> values;
        std::map<std::string, FakeQuota> quotas;

        const std::string* find(const std::string& key, std::uint64_t now_ms) {
            const auto found = values.find(key);
            if (found != values.end() && found->second.expires_ms != 0 && found->second.expires_ms <= now_ms) {
                values.erase(found);
                return nullptr;
            }
            return found == values.end() ? nullptr : &found->second.text;
        }
    };
    struct Answer {
        std::int32_t outcome = SLUICE_STORE_OK;
        std::string value;
        std::int64_t number = 0;
        std::uint64_t ticket = 0;
        std::uint64_t wait_us = 0;
        std::vector<std::pair<std::string, std::string>> items;
        std::string cursor;
    };
    struct Question {
        sluice_namespace* space;
        sluice_loop* loop;
        sluice_str key;
        sluice_store_fn fn;
        void* ctx;
    };

    static Space& self(sluice_namespace* space) noexcept { return *reinterpret_cast<Space*>(space); }
    std::uint64_t now_us() const noexcept { return clock_.monotonic_ns() / 1000; }
    std::uint64_t now_ms() const noexcept { return clock_.monotonic_ns() / 1000000; }
    void set(bool& flag, bool value) {
        const std::lock_guard<std::mutex> lock(mutex_);
        flag = value;
    }
    void count_down() noexcept {
        if (questions_left_ && (*questions_left_)-- == 0) {
            questions_left_.reset();
            is_down_ = true;
        }
    }
    static Answer failed(std::string reason) {
        Answer answer;
        answer.outcome = SLUICE_STORE_FAILED;
        answer.value = std::move(reason);
        return answer;
    }

    static void give(sluice_store_fn fn, void* ctx, const Answer& answer) {
        std::vector<sluice_store_item> items;
        for (const auto& item : answer.items) {
            items.push_back(sluice_store_item{to_str(item.first), to_str(item.second)});
        }
        sluice_store_answer told{};
        told.struct_size = sizeof(told);
        told.outcome = answer.outcome;
        told.value = to_str(answer.value);
        told.number = answer.number;
        told.ticket = answer.ticket;
        told.wait_us = answer.wait_us;
        told.items = items.data();
        told.item_count = items.size();
        told.cursor = to_str(answer.cursor);
        fn(ctx, &told);
    }

    // Checks the key, does `work(space, key)` and sees that its answer is given.
    template <class Work>
    static sluice_status ask(const char* function, const Question& question, Work work) noexcept {
        Space& space = self(question.space);
        FakeStore& me = *space.store;
        if (question.key.len > SLUICE_STORE_MAX_KEY_BYTES || (question.key.len == 0 && function != kScan)) {
            return SLUICE_E_INVALID;
        }
        Answer answer;
        bool is_held = false;
        {
            const std::lock_guard<std::mutex> lock(me.mutex_);
            ++me.calls_[function];
            me.count_down();
            answer = me.is_down_ ? failed("the store is down") : work(space, std::string(to_view(question.key)));
            is_held = me.is_holding_ && question.fn != nullptr;
            if (is_held) {
                me.held_.push_back([fn = question.fn, ctx = question.ctx, answer] { give(fn, ctx, answer); });
            }
        }
        if (question.fn == nullptr || is_held) {
            return SLUICE_OK;
        }
        if (me.loop_.is_current()) {
            give(question.fn, question.ctx, answer);
        } else {
            me.loop_.post([fn = question.fn, ctx = question.ctx, answer] { give(fn, ctx, answer); }, true);
        }
        return SLUICE_OK;
    }

    static sluice_namespace* open(const sluice_host* host, sluice_str name, std::uint32_t,
                                  sluice_text_sink errors) noexcept {
        FakeStore& me = *parts_of(host).store;
        const std::lock_guard<std::mutex> lock(me.mutex_);
        if (!me.refusal_.empty()) {
            errors.put(errors.ctx, to_str(me.refusal_));
            return nullptr;
        }
        Space& space = me.spaces_[std::string(to_view(name))];
        space.store = &me;
        return reinterpret_cast<sluice_namespace*>(&space);
    }
    static sluice_status get(sluice_namespace* space, sluice_loop* loop, sluice_str key, sluice_store_fn fn,
                             void* ctx) noexcept {
        return ask("get", {space, loop, key, fn, ctx}, [](Space& in, const std::string& name) {
            Answer answer;
            const std::string* found = in.find(name, in.store->now_ms());
            answer.outcome = found != nullptr ? SLUICE_STORE_OK : SLUICE_STORE_ABSENT;
            answer.value = found != nullptr ? *found : std::string();
            return answer;
        });
    }
    static std::uint64_t expiry(Space& in, std::uint64_t ttl_ms) noexcept {
        return ttl_ms == 0 ? 0 : in.store->now_ms() + ttl_ms;
    }
    static sluice_status put(sluice_namespace* space, sluice_loop* loop, sluice_str key, sluice_str value,
                             std::uint64_t ttl_ms, sluice_store_fn fn, void* ctx) noexcept {
        if (value.len > SLUICE_STORE_MAX_VALUE_BYTES) {
            return SLUICE_E_INVALID;
        }
        return ask("put", {space, loop, key, fn, ctx}, [value, ttl_ms](Space& in, const std::string& name) {
            in.values[name] = Value{std::string(to_view(value)), expiry(in, ttl_ms)};
            return Answer();
        });
    }
    static sluice_status remove(sluice_namespace* space, sluice_loop* loop, sluice_str key, sluice_store_fn fn,
                                void* ctx) noexcept {
        return ask("remove", {space, loop, key, fn, ctx}, [](Space& in, const std::string& name) {
            in.values.erase(name);
            return Answer();
        });
    }
    static sluice_status add(sluice_namespace* space, sluice_loop* loop, sluice_str key, std::int64_t delta,
                             std::uint64_t ttl_ms, sluice_store_fn fn, void* ctx) noexcept {
        return ask("add", {space, loop, key, fn, ctx}, [delta, ttl_ms](Space& in, const std::string& name) {
            const std::string* found = in.find(name, in.store->now_ms());
            std::int64_t before = 0;
            if (found != nullptr) {
                const char* end = found->data() + found->size();
                const auto parsed = std::from_chars(found->data(), end, before);
                if (parsed.ec != std::errc() || parsed.ptr != end) {
                    return failed("the value is no whole number");
                }
            }
            Answer answer;
            if (__builtin_add_overflow(before, delta, &answer.number)) {
                return failed("the sum is beyond 64 bits");
            }
            const std::uint64_t expires_ms = found != nullptr ? in.values[name].expires_ms : expiry(in, ttl_ms);
            in.values[name] = Value{std::to_string(answer.number), expires_ms};
            return answer;
        });
    }
    static sluice_status compare_and_set(sluice_namespace* space, sluice_loop* loop, sluice_str key,
                                         const sluice_str* expected, sluice_str value, std::uint64_t ttl_ms,
                                         sluice_store_fn fn, void* ctx) noexcept {
        if (value.len > SLUICE_STORE_MAX_VALUE_BYTES) {
            return SLUICE_E_INVALID;
        }
        return ask("compare_and_set", {space, loop, key, fn, ctx},
                   [expected, value, ttl_ms](Space& in, const std::string& name) {
                       const std::string* found = in.find(name, in.store->now_ms());
                       const bool is_expected =
                           found == nullptr ? expected == nullptr : expected != nullptr && to_view(*expected) == *found;
                       Answer answer;
                       if (!is_expected) {
                           answer.outcome = SLUICE_STORE_CONFLICT;
                           answer.value = found != nullptr ? *found : std::string();
                           return answer;
                       }
                       in.values[name] = Value{std::string(to_view(value)), expiry(in, ttl_ms)};
                       return answer;
                   });
    }
    static sluice_status scan(sluice_namespace* space, sluice_loop* loop, sluice_str prefix, sluice_str cursor,
                              std::size_t max_items, sluice_store_fn fn, void* ctx) noexcept {
        if (max_items == 0 || max_items > SLUICE_STORE_MAX_SCAN) {
            return SLUICE_E_INVALID;
        }
        return ask(kScan, {space, loop, prefix, fn, ctx}, [cursor, max_items](Space& in, const std::string& begin) {
            Answer answer;
            for (const auto& entry : in.values) {
                const bool is_behind = cursor.len == 0 || entry.first > to_view(cursor);
                const bool is_expired = entry.second.expires_ms != 0 && entry.second.expires_ms <= in.store->now_ms();
                if (!is_behind || is_expired || entry.first.compare(0, begin.size(), begin) != 0) {
                    continue;
                }
                if (answer.items.size() == max_items) {
                    answer.cursor = answer.items.back().first;
                    break;
                }
                answer.items.emplace_back(entry.first, entry.second.text);
            }
            return answer;
        });
    }
    static Answer answer_of(const FakeQuota::Outcome& outcome, const FakeQuota& quota) {
        Answer answer;
        answer.outcome = outcome.is_taken ? SLUICE_STORE_OK : SLUICE_STORE_REFUSED;
        answer.number = quota.total();
        answer.ticket = outcome.ticket;
        answer.wait_us = outcome.wait_us;
        return answer;
    }
    static sluice_status take(sluice_namespace* space, sluice_loop* loop, sluice_str key, const sluice_quota* quota,
                              sluice_store_fn fn, void* ctx) noexcept {
        if (quota->amount <= 0 || quota->ttl_us == 0) {
            return SLUICE_E_INVALID;
        }
        return ask("take", {space, loop, key, fn, ctx}, [quota](Space& in, const std::string& name) {
            FakeQuota& slots = in.quotas[name];
            return answer_of(slots.take(*quota, in.store->now_us()), slots);
        });
    }
    static sluice_status give_back(sluice_namespace* space, sluice_loop* loop, sluice_str key, std::int64_t amount,
                                   std::uint64_t ticket, sluice_store_fn fn, void* ctx) noexcept {
        return ask("give_back", {space, loop, key, fn, ctx}, [amount, ticket](Space& in, const std::string& name) {
            in.quotas[name].give_back(amount, ticket, in.store->now_us());
            return Answer();
        });
    }
    static sluice_status renew(sluice_namespace* space, sluice_loop* loop, sluice_str key, std::int64_t amount,
                               std::uint64_t ticket, std::uint64_t ttl_us, sluice_store_fn fn, void* ctx) noexcept {
        if (amount <= 0 || ttl_us == 0) {
            return SLUICE_E_INVALID;
        }
        return ask("renew", {space, loop, key, fn, ctx}, [amount, ticket, ttl_us](Space& in, const std::string& name) {
            FakeQuota& slots = in.quotas[name];
            return answer_of(slots.renew(amount, ticket, ttl_us, in.store->now_us()), slots);
        });
    }

    static constexpr const char* kScan = "scan";

    FakeClock& clock_;
    FakeLoop& loop_;
    Breaches& breaches_;
    std::mutex mutex_;
    bool is_down_ = false;
    std::optional<std::size_t> questions_left_;
    bool is_holding_ = false;
    std::string refusal_;
    std::map<std::string, Space> spaces_;
    std::map<std::string, std::size_t> calls_;
    std::vector<std::function<void()>> held_;
};

}  // namespace testing
}  // namespace sluice
