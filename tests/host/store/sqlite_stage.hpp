#pragma once

#include <sqlite3.h>
#include <catch2/catch.hpp>
#include <sluice/cpp/text.hpp>
#include <sluice/testing/breaches.hpp>
#include <sluice/testing/fake_clock.hpp>
#include <sluice/testing/fake_loop.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "plugin/temporary_folder.hpp"
#include "store/namespace.hpp"
#include "store/sqlite_store.hpp"

namespace sluice::store {

/// An answer that is to come, with copies of what was in it.
struct Expected {
    Answer answer;
    bool is_there = false;
    bool was_on_loop = false;
    sluice::testing::FakeLoop* loop = nullptr;

    static void take(void* ctx, const sluice_store_answer* told) {
        auto& self = *static_cast<Expected*>(ctx);
        const auto copy = [](sluice_str text) { return std::string(sluice::to_view(text)); };
        self.answer.outcome = static_cast<sluice_store_outcome>(told->outcome);
        self.answer.value = copy(told->value);
        self.answer.number = told->number;
        self.answer.ticket = told->ticket;
        self.answer.wait_us = told->wait_us;
        for (std::size_t at = 0; at < told->item_count; ++at) {
            self.answer.items.emplace_back(copy(told->items[at].key), copy(told->items[at].value));
        }
        self.answer.cursor = copy(told->cursor);
        self.was_on_loop = self.loop->is_current();
        self.is_there = true;
    }
};

/// A folder, a loop on the test's thread, and stores with a file in the folder.
struct SqliteFileStage {
    std::filesystem::path path() const { return folder.path() / "store.db"; }
    std::unique_ptr<SqliteStore> open() const {
        auto opened = SqliteStore::open(path());
        if (!opened) FAIL(opened.error());
        return std::move(opened).value();
    }

    Asker asker(Expected& expected) {
        expected.loop = &loop;
        return {sluice::testing::FakeLoop::table(), loop.raw(), &Expected::take, &expected};
    }
    Asker nobody() { return {sluice::testing::FakeLoop::table(), loop.raw(), nullptr, nullptr}; }
    Answer wait(const Expected& expected) {
        REQUIRE(loop.run_until([&] { return expected.is_there; }, std::chrono::seconds(20)));
        CHECK(expected.was_on_loop);
        return expected.answer;
    }
    void wait(const std::vector<Expected>& all) {
        for (const Expected& expected : all) wait(expected);
    }
    template <class Ask>
    Answer answer(Ask ask) {
        Expected expected;
        ask(asker(expected));
        return wait(expected);
    }
    Answer put(Namespace& space, const std::string& key, const std::string& value, Ttl ttl = std::nullopt) {
        return answer([&](const Asker& who) { space.put(key, value, ttl, who); });
    }
    Answer get(Namespace& space, const std::string& key) {
        return answer([&](const Asker& who) { space.get(key, who); });
    }

    TemporaryFolder folder;
    sluice::testing::Breaches breaches;
    sluice::testing::FakeClock clock{sluice::testing::Time::kManual};
    sluice::testing::FakeLoop loop{clock, breaches};
};

/// Gives the first column of the last row.
inline std::string run_sql(const std::filesystem::path& path, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    std::string value;
    const auto take = [](void* out, int, char** columns, char**) {
        *static_cast<std::string*>(out) = columns[0] == nullptr ? "" : columns[0];
        return 0;
    };
    CHECK(sqlite3_exec(database, sql, take, &value, nullptr) == SQLITE_OK);
    sqlite3_close(database);
    return value;
}

inline std::string content_of(const std::filesystem::path& path) {
    return (std::ostringstream() << std::ifstream(path, std::ios::binary).rdbuf()).str();
}

}  // namespace sluice::store
