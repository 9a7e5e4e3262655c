// A loop of the host that runs when a test says so, and the answers of a namespace asked on it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "store/namespace.hpp"

namespace sluice::store::test {

/// Belongs to the thread that made it.
class TestLoop {
public:
    sluice_loop* raw() noexcept { return reinterpret_cast<sluice_loop*>(this); }
    Asker asker(sluice_store_fn fn, void* ctx) noexcept { return {table(), raw(), fn, ctx}; }

    /// Runs what is posted until `is_reached()`; false if that takes more than ten seconds.
    bool run_until(const std::function<bool()>& is_reached) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!is_reached()) {
            std::unique_lock lock(mutex_);
            if (!changed_.wait_until(lock, limit, [this] { return !posted_.empty(); })) return false;
            const auto [fn, ctx] = posted_.front();
            posted_.pop_front();
            lock.unlock();
            fn(ctx);
        }
        return true;
    }

    static const sluice_host_loop& table() {
        static const sluice_host_loop kTable = [] {
            sluice_host_loop table{};
            table.struct_size = sizeof table;
            table.is_current = [](const sluice_loop* loop) noexcept -> std::int32_t {
                return reinterpret_cast<const TestLoop*>(loop)->thread_ == std::this_thread::get_id() ? 1 : 0;
            };
            table.post = [](sluice_loop* loop, sluice_callback_fn fn, void* ctx) noexcept -> sluice_status {
                TestLoop& self = *reinterpret_cast<TestLoop*>(loop);
                const std::lock_guard lock(self.mutex_);
                self.posted_.emplace_back(fn, ctx);
                self.changed_.notify_one();
                return SLUICE_OK;
            };
            return table;
        }();
        return kTable;
    }

private:
    const std::thread::id thread_ = std::this_thread::get_id();
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::pair<sluice_callback_fn, void*>> posted_;
};

/// An answer that has come or is to come.
struct Awaited {
    bool is_there = false;
    Answer answer;

    static void take(void* ctx, const sluice_store_answer* given) {
        Awaited& self = *static_cast<Awaited*>(ctx);
        const auto text = [](sluice_str part) { return std::string(part.ptr == nullptr ? "" : part.ptr, part.len); };
        self.answer.outcome = static_cast<sluice_store_outcome>(given->outcome);
        self.answer.value = text(given->value);
        self.answer.number = given->number;
        self.answer.ticket = given->ticket;
        self.answer.wait_us = given->wait_us;
        for (std::size_t at = 0; at < given->item_count; ++at) {
            self.answer.items.emplace_back(text(given->items[at].key), text(given->items[at].value));
        }
        self.answer.cursor = text(given->cursor);
        self.is_there = true;
    }
};

/// Asks a namespace and waits for each answer.
class Asking {
public:
    explicit Asking(Namespace& space) : space_(space) {}

    template <class Question>
    Answer ask(Question&& question) {
        Awaited awaited;
        question(space_, loop_.asker(&Awaited::take, &awaited));
        if (!loop_.run_until([&] { return awaited.is_there; })) return Answer::failed("no answer within 10 s");
        return std::move(awaited.answer);
    }

    Answer get(std::string_view key) {
        return ask([&](Namespace& in, const Asker& asker) { in.get(key, asker); });
    }
    Answer put(std::string_view key, std::string_view value, Ttl ttl = {}) {
        return ask([&](Namespace& in, const Asker& asker) { in.put(key, value, ttl, asker); });
    }
    Answer remove(std::string_view key) {
        return ask([&](Namespace& in, const Asker& asker) { in.remove(key, asker); });
    }
    Answer add(std::string_view key, std::int64_t delta, Ttl ttl = {}) {
        return ask([&](Namespace& in, const Asker& asker) { in.add(key, delta, ttl, asker); });
    }
    Answer compare_and_set(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                           Ttl ttl = {}) {
        return ask([&](Namespace& in, const Asker& asker) { in.compare_and_set(key, expected, value, ttl, asker); });
    }
    Answer scan(std::string_view prefix, std::string_view cursor, std::size_t max_items) {
        return ask([&](Namespace& in, const Asker& asker) { in.scan(prefix, cursor, max_items, asker); });
    }
    Answer take(std::string_view key, const Quota& quota) {
        return ask([&](Namespace& in, const Asker& asker) { in.take(key, quota, asker); });
    }
    Answer give_back(std::string_view key, std::int64_t amount, std::uint64_t ticket) {
        return ask([&](Namespace& in, const Asker& asker) { in.give_back(key, amount, ticket, asker); });
    }
    Answer renew(std::string_view key, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us) {
        return ask([&](Namespace& in, const Asker& asker) { in.renew(key, amount, ticket, ttl_us, asker); });
    }
    /// Everything below a prefix, by scan() from end to end.
    std::vector<std::pair<std::string, std::string>> all(std::string_view prefix, std::size_t max_items) {
        std::vector<std::pair<std::string, std::string>> found;
        Answer answer;
        do {
            answer = scan(prefix, answer.cursor, max_items);
            found.insert(found.end(), answer.items.begin(), answer.items.end());
        } while (answer.outcome == SLUICE_STORE_OK && !answer.cursor.empty());
        return found;
    }

    TestLoop& loop() noexcept { return loop_; }
    Namespace& space() noexcept { return space_; }

private:
    Namespace& space_;
    TestLoop loop_;
};

}  // namespace sluice::store::test
