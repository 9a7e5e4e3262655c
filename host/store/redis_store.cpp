#include "store/redis_store.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "store/redis_worker.hpp"

namespace sluice::store {
namespace {

using Kind = RedisReply::Kind;

/// Where a scan goes on: the server's cursor, after the keys it has given already that did not fit into an answer.
struct ScanPosition {
    std::string server_cursor = "0";
    std::vector<std::string> left_over;
};

// "<server's cursor>", then for each key left over ":<bytes>:<key>"; empty at the end.
std::string cursor_of(const ScanPosition& position) {
    if (position.server_cursor == "0" && position.left_over.empty()) return {};
    std::string cursor = position.server_cursor;
    for (const std::string& key : position.left_over) cursor += ":" + std::to_string(key.size()) + ":" + key;
    return cursor;
}

std::optional<std::uint64_t> leading_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<ScanPosition> position_of(std::string_view cursor) {
    ScanPosition position;
    if (cursor.empty()) return position;
    const auto server_cursor = leading_number(cursor);
    if (!server_cursor) return std::nullopt;
    position.server_cursor = std::to_string(*server_cursor);
    while (!cursor.empty()) {
        if (cursor.front() != ':') return std::nullopt;
        cursor.remove_prefix(1);
        const auto bytes = leading_number(cursor);
        if (!bytes || !cursor.starts_with(':') || *bytes > cursor.size() - 1) return std::nullopt;
        position.left_over.emplace_back(cursor.substr(1, *bytes));
        cursor.remove_prefix(1 + *bytes);
    }
    return position;
}

Answer done(const RedisReply&) { return {}; }

Answer value_answer(const RedisReply& reply) {
    Answer answer;
    const RedisReply& value = reply.items.front();
    answer.outcome = value.is_null() ? SLUICE_STORE_ABSENT : SLUICE_STORE_OK;
    answer.value = value.text;
    return answer;
}

Answer sum_answer(const RedisReply& reply) {
    Answer answer;
    const std::string& text = reply.items.front().text;
    std::from_chars(text.data(), text.data() + text.size(), answer.number);
    return answer;
}

Answer set_answer(const RedisReply& reply) {
    Answer answer;
    if (reply.items.size() != 3) return Answer::failed("the server's reply is not that of the script");
    answer.outcome = reply.items[0].number == 1 ? SLUICE_STORE_OK : SLUICE_STORE_CONFLICT;
    answer.value = reply.items[1].text;
    return answer;
}

Answer quota_answer(const RedisReply& reply) {
    Answer answer;
    if (reply.items.size() != 5) return Answer::failed("the server's reply is not that of the script");
    answer.outcome = reply.items[0].number == 1 ? SLUICE_STORE_OK : SLUICE_STORE_REFUSED;
    answer.number = reply.items[1].number;
    answer.ticket = static_cast<std::uint64_t>(reply.items[2].number);
    answer.wait_us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, reply.items[3].number));
    return answer;
}

Answer scan_answer(const RedisReply& reply) {
    Answer answer;
    if (reply.items.size() != 5 || reply.items[1].items.size() != reply.items[2].items.size()) {
        return Answer::failed("the server's reply is not that of the script");
    }
    for (std::size_t at = 0; at < reply.items[1].items.size(); ++at) {
        answer.items.emplace_back(reply.items[1].items[at].text, reply.items[2].items[at].text);
    }
    ScanPosition position{reply.items[0].text, {}};
    for (const RedisReply& key : reply.items[3].items) position.left_over.push_back(key.text);
    answer.cursor = cursor_of(position);
    return answer;
}

std::string milliseconds(Ttl ttl) {
    constexpr std::int64_t kLongestMs = 1ll << 45;  // the server adds it to its clock
    return std::to_string(ttl ? std::clamp<std::int64_t>(ttl->count(), 1, kLongestMs) : 0);
}

// Beyond this the server's scripts would lose digits.
std::string exact(std::int64_t number) {
    constexpr std::int64_t kMost = 1ll << 53;
    return std::to_string(std::clamp(number, -kMost, kMost));
}
std::string exact(std::uint64_t number) {
    return exact(static_cast<std::int64_t>(std::min<std::uint64_t>(number, 1ull << 53)));
}

// A pattern for SCAN that matches `text` and nothing else.
std::string escaped(std::string_view text) {
    std::string pattern;
    for (const char letter : text) {
        if (std::string_view("*?[]\\^-").find(letter) != std::string_view::npos) pattern += '\\';
        pattern += letter;
    }
    return pattern;
}

/// A keyspace of the server.
class RedisNamespace final : public Namespace {
public:
    RedisNamespace(std::vector<RedisWorker*> workers, std::string prefix)
        : workers_(std::move(workers)), prefix_(std::move(prefix)) {}

    // Namespace
    void get(std::string_view key, const Asker& asker) override {
        ask(key, {&redis_scripts::kGet, value_key(key), {}}, value_answer, asker);
    }
    void put(std::string_view key, std::string_view value, Ttl ttl, const Asker& asker) override {
        ask(key, {&redis_scripts::kPut, value_key(key), {std::string(value), milliseconds(ttl)}}, done, asker);
    }
    void remove(std::string_view key, const Asker& asker) override {
        ask(key, {&redis_scripts::kRemove, value_key(key), {}}, done, asker);
    }
    void add(std::string_view key, std::int64_t delta, Ttl ttl, const Asker& asker) override {
        ask(key, {&redis_scripts::kAdd, value_key(key), {std::to_string(delta), milliseconds(ttl)}}, sum_answer, asker);
    }
    void compare_and_set(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                         Ttl ttl, const Asker& asker) override {
        std::vector<std::string> arguments{expected ? "1" : "0", std::string(expected.value_or(std::string_view())),
                                           std::string(value), milliseconds(ttl)};
        ask(key, {&redis_scripts::kCompareAndSet, value_key(key), std::move(arguments)}, set_answer, asker);
    }
    void scan(std::string_view prefix, std::string_view cursor, std::size_t max_items, const Asker& asker) override {
        auto position = position_of(cursor);
        if (!position) return asker.tell(Answer::failed("the cursor is none of this store"));
        std::vector<std::string> arguments{position->server_cursor, escaped(value_key(prefix)) + "*",
                                           std::to_string(max_items), std::to_string(value_key("").size())};
        std::move(position->left_over.begin(), position->left_over.end(), std::back_inserter(arguments));
        ask(prefix, {&redis_scripts::kScan, value_key(""), std::move(arguments)}, scan_answer, asker);
    }
    void take(std::string_view key, const Quota& quota, const Asker& asker) override {
        std::vector<std::string> arguments{exact(quota.amount), exact(quota.limit), exact(quota.ttl_us),
                                           quota.is_queued ? "1" : "0"};
        ask(key, {&redis_scripts::kTake, quota_key(key), std::move(arguments)}, quota_answer, asker);
    }
    void give_back(std::string_view key, std::int64_t amount, std::uint64_t ticket, const Asker& asker) override {
        ask(key, {&redis_scripts::kGiveBack, quota_key(key), {exact(amount), exact(ticket)}}, done, asker);
    }
    void renew(std::string_view key, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
               const Asker& asker) override {
        ask(key, {&redis_scripts::kRenew, quota_key(key), {exact(amount), exact(ticket), exact(ttl_us)}}, quota_answer,
            asker);
    }

private:
    std::string value_key(std::string_view key) const { return prefix_ + "v:" + std::string(key); }
    std::string quota_key(std::string_view key) const { return prefix_ + "q:" + std::string(key); }
    void ask(std::string_view key, RedisCommand command, RedisWorker::Decode decode, const Asker& asker) {
        workers_[std::hash<std::string_view>()(key) % workers_.size()]->ask(std::move(command), decode, asker);
    }

    const std::vector<RedisWorker*> workers_;
    const std::string prefix_;
};

}  // namespace

RedisStore::RedisStore(const config::Redis& config)
    : config_(config), health_(config.host + ":" + std::to_string(config.port)) {
    for (std::size_t at = 0; at < config.connections; ++at) {
        workers_.push_back(std::make_unique<RedisWorker>(config_, health_));
    }
    for (const auto& worker : workers_) worker->wait_until_tried();
}

RedisStore::~RedisStore() = default;

std::unique_ptr<Namespace> RedisStore::open_namespace(const std::string& name) {
    std::vector<RedisWorker*> workers;
    for (const auto& worker : workers_) workers.push_back(worker.get());
    return std::make_unique<RedisNamespace>(std::move(workers), config_.key_prefix + name + ":");
}

}  // namespace sluice::store
