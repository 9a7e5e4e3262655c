#include "store/sqlite_operations.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "plugin/temporary_folder.hpp"
#include "store/quota_resolution.hpp"
#include "store/sqlite_file.hpp"

using namespace sluice::store;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kSecondUs = 1'000'000;

/// A file, and a clock in the test's hands.
struct OperationStage {
    OperationStage() {
        auto opened = SqliteFile::open(folder.path() / "store.db");
        if (!opened) FAIL(opened.error());
        file = std::move(opened).value();
    }
    Answer run(const SqliteOperation& operation) {
        auto answer = operation.work(*file, now_us);
        if (!answer) FAIL(file->problem());
        return *answer;
    }
    Answer get(const std::string& key, const std::string& space = "a") { return run(sqlite::get({space, key})); }
    Answer put(const std::string& key, const std::string& value, Ttl ttl = std::nullopt) {
        return run(sqlite::put({"a", key}, value, ttl));
    }
    Answer take(const Quota& quota) { return run(sqlite::take({"a", "k"}, quota)); }
    Answer give_back(std::int64_t amount, std::uint64_t ticket) {
        return run(sqlite::give_back({"a", "k"}, amount, ticket));
    }
    Answer scan(const std::string& prefix, const std::string& cursor, std::size_t count) {
        return run(sqlite::scan({"a", prefix}, cursor, count));
    }
    std::uint64_t now() const { return static_cast<std::uint64_t>(now_us); }

    TemporaryFolder folder;
    std::unique_ptr<SqliteFile> file;
    std::int64_t now_us = 1'700'000'000'000'000;
};

}  // namespace

TEST_CASE("a value in the file is read, replaced and removed, whatever its bytes are", "[sqlite][unit]") {
    OperationStage stage;
    const std::string key = GENERATE(std::string("k"), std::string("a\0b", 3), std::string("\xff\xfe"),
                                     std::string("'); DROP TABLE stored; --"), std::string(512, 'k'));
    const std::string value = key + std::string("\0v", 2);
    CHECK(stage.get(key).outcome == SLUICE_STORE_ABSENT);
    stage.put(key, value);
    CHECK(stage.get(key).value == value);
    CHECK(stage.get(key, "b").outcome == SLUICE_STORE_ABSENT);
    stage.put(key, "");
    CHECK(stage.get(key).outcome == SLUICE_STORE_OK);
    CHECK(stage.get(key).value.empty());
    CHECK(stage.run(sqlite::remove({"a", key})).outcome == SLUICE_STORE_OK);
    CHECK(stage.get(key).outcome == SLUICE_STORE_ABSENT);
    CHECK(stage.run(sqlite::remove({"a", key})).outcome == SLUICE_STORE_OK);
}

TEST_CASE("a value in the file is gone when its time is over", "[sqlite][unit]") {
    OperationStage stage;
    stage.put("k", "v", 1000ms);
    stage.now_us += 999'000;
    CHECK(stage.get("k").outcome == SLUICE_STORE_OK);
    stage.now_us += 1'000;
    CHECK(stage.get("k").outcome == SLUICE_STORE_ABSENT);
    CHECK(stage.scan("", "", 10).items.empty());
    CHECK(stage.run(sqlite::compare_and_set({"a", "k"}, std::nullopt, "new", std::nullopt)).outcome == SLUICE_STORE_OK);
    stage.put("k", "v", std::chrono::milliseconds(kMost));
    CHECK(stage.get("k").outcome == SLUICE_STORE_OK);
}

TEST_CASE("a number in the file is added to, and keeps the time it was made with", "[sqlite][unit]") {
    OperationStage stage;
    const auto add = [&](std::int64_t delta) { return stage.run(sqlite::add({"a", "n"}, delta, 1000ms)); };
    CHECK(add(5).number == 5);
    stage.now_us += 900'000;
    CHECK(add(-7).number == -2);
    CHECK(stage.get("n").value == "-2");
    stage.now_us += 100'000;
    CHECK(add(1).number == 1);
    CHECK(add(kMost).outcome == SLUICE_STORE_FAILED);
    CHECK(stage.get("n").value == "1");
    stage.put("n", "1x");
    CHECK(add(1).outcome == SLUICE_STORE_FAILED);
    CHECK(stage.get("n").value == "1x");
}

TEST_CASE("compare_and_set in the file changes what was expected only, and tells what is there", "[sqlite][unit]") {
    OperationStage stage;
    const auto set = [&](std::optional<std::string> expected, const std::string& value) {
        return stage.run(sqlite::compare_and_set({"a", "k"}, std::move(expected), value, std::nullopt));
    };
    CHECK(set("", "v").outcome == SLUICE_STORE_CONFLICT);
    CHECK(set(std::nullopt, "v1").outcome == SLUICE_STORE_OK);
    const Answer conflict = set(std::nullopt, "v2");
    CHECK(conflict.outcome == SLUICE_STORE_CONFLICT);
    CHECK(conflict.value == "v1");
    CHECK(set("v1", "v2").outcome == SLUICE_STORE_OK);
    CHECK(stage.get("k").value == "v2");
}

TEST_CASE("a scan of the file gives what begins with the prefix, in pieces", "[sqlite][unit]") {
    OperationStage stage;
    for (int i = 0; i < 25; ++i) stage.put("p" + std::to_string(100 + i), "v");
    for (const char* other : {"o", "q", "P100"}) stage.put(other, "v");
    stage.put(std::string("\xff\xff") + "x", "v");
    stage.run(sqlite::put({"b", "p999"}, "v", std::nullopt));
    std::vector<std::string> keys;
    std::string cursor;
    int pieces = 0;
    do {
        const Answer answer = stage.scan("p", cursor, 10);
        for (const auto& [key, value] : answer.items) keys.push_back(key);
        cursor = answer.cursor;
        ++pieces;
    } while (!cursor.empty());
    CHECK(pieces == 3);
    REQUIRE(keys.size() == 25);
    CHECK(keys.front() == "p100");
    CHECK(keys.back() == "p124");
    CHECK(stage.scan("\xff", "", 10).items.size() == 1);
    CHECK(stage.scan("", "", 1000).items.size() == 29);
    CHECK(stage.scan("none", "", 10).items.empty());
}

TEST_CASE("a scan of the file gives fewer values at a time where they are large", "[sqlite][unit]") {
    OperationStage stage;
    for (const char* key : {"a", "b", "c", "d"}) stage.put(key, std::string(3u << 20, 'x'));
    const Answer first = stage.scan("", "", 1000);
    CHECK(first.items.size() == 2);
    CHECK(first.cursor == "b");
    const Answer last = stage.scan("", first.cursor, 1000);
    CHECK(last.items.size() == 2);
    CHECK(last.cursor.empty());
}

TEST_CASE("a quota in the file is a window that never holds more than its limit", "[sqlite][unit]") {
    OperationStage stage;
    const Quota quota{1, 3, 10 * kSecondUs, false};
    for (int i = 0; i < 3; ++i) {
        CHECK(stage.take(quota).number == i + 1);
        stage.now_us += kSecondUs;
    }
    const Answer refused = stage.take(quota);
    CHECK(refused.outcome == SLUICE_STORE_REFUSED);
    CHECK(refused.number == 3);
    CHECK(refused.wait_us >= 7 * kSecondUs);
    CHECK(refused.wait_us <= 7 * kSecondUs + 10 * kSecondUs / 16384 + 1);
    stage.now_us += static_cast<std::int64_t>(refused.wait_us);
    CHECK(stage.take(quota).outcome == SLUICE_STORE_OK);
    CHECK(stage.take(quota).outcome == SLUICE_STORE_REFUSED);
    CHECK(stage.get("k").outcome == SLUICE_STORE_ABSENT);
    CHECK(stage.run(sqlite::take({"b", "k"}, quota)).number == 1);
}

TEST_CASE("a queued quota in the file is a token bucket", "[sqlite][unit]") {
    OperationStage stage;
    const Quota quota{1, 2, kSecondUs, true};
    CHECK(stage.take(quota).outcome == SLUICE_STORE_OK);
    CHECK(stage.take(quota).outcome == SLUICE_STORE_OK);
    const Answer refused = stage.take(quota);
    CHECK(refused.outcome == SLUICE_STORE_REFUSED);
    CHECK(refused.wait_us <= kSecondUs + 100);
    stage.now_us += static_cast<std::int64_t>(refused.wait_us);
    CHECK(stage.take(quota).outcome == SLUICE_STORE_OK);
    CHECK(stage.take(quota).outcome == SLUICE_STORE_REFUSED);
}

TEST_CASE("what is given back of a quota in the file can be taken again", "[sqlite][unit]") {
    OperationStage stage;
    const Quota quota{2, 5, 10 * kSecondUs, false};
    const Answer taken = stage.take(quota);
    CHECK(taken.ticket == rounded_expiry_us(stage.now() + 10 * kSecondUs, 10 * kSecondUs));
    stage.give_back(1, taken.ticket);
    CHECK(stage.take(quota).number == 3);
    stage.give_back(-9, taken.ticket);
    CHECK(stage.take({1, 5, kSecondUs, false}).number == 12);
    stage.give_back(kMost, taken.ticket);
    CHECK(stage.take({1, 5, 10 * kSecondUs, false}).number == 1);
    stage.give_back(1, taken.ticket + 12345);
    CHECK(stage.take({1, 5, 10 * kSecondUs, false}).number == 2);
}

TEST_CASE("a part of a quota in the file is renewed, and taken anew if it has expired", "[sqlite][unit]") {
    OperationStage stage;
    const auto renew = [&](std::uint64_t ticket) {
        return stage.run(sqlite::renew({"a", "k"}, 1, ticket, 10 * kSecondUs));
    };
    const Quota quota{1, 1, 10 * kSecondUs, false};
    Answer lease = stage.take(quota);
    stage.now_us += 6 * kSecondUs;
    lease = renew(lease.ticket);
    CHECK(lease.number == 1);
    stage.now_us += 6 * kSecondUs;
    CHECK(stage.take(quota).outcome == SLUICE_STORE_REFUSED);
    stage.now_us += 60 * kSecondUs;
    CHECK(stage.take(quota).outcome == SLUICE_STORE_OK);
    CHECK(renew(lease.ticket).number == 2);
}

TEST_CASE("a sweep forgets what has expired, some at a time, and nothing else", "[sqlite][unit]") {
    OperationStage stage;
    for (int i = 0; i < 10; ++i) stage.put("short" + std::to_string(i), "v", 1000ms);
    stage.put("long", "v", 5000ms);
    stage.put("ever", "v");
    stage.take({1, 5, kSecondUs, false});
    CHECK(stage.file->expire(stage.now_us, 4) == 0);
    stage.now_us += 2 * kSecondUs;
    CHECK(stage.file->expire(stage.now_us, 4) == 4);
    CHECK(stage.file->expire(stage.now_us, 4) == 4);
    CHECK(stage.file->expire(stage.now_us, 4) == 2);
    CHECK(stage.file->expire(stage.now_us, 4) == 0);
    stage.now_us -= 2 * kSecondUs;
    CHECK(stage.scan("", "", 100).items.size() == 2);
}
