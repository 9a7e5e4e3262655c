// Each kind of store, ready to be asked.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "plugin/temporary_folder.hpp"
#include "redis_server.hpp"
#include "store/memory_namespace.hpp"
#include "store/redis_store.hpp"
#include "store/sqlite_store.hpp"

namespace sluice::store::test {

struct MemoryStage {
    std::atomic<std::uint64_t> now_us{1000};
    MemoryNamespace memory{64 << 20, [this] { return now_us.load(); }};

    Namespace& space() { return memory; }
    void pass(std::chrono::milliseconds time) { now_us += static_cast<std::uint64_t>(time.count()) * 1000; }
};

struct SqliteStage {
    TemporaryFolder folder;
    std::unique_ptr<SqliteStore> store = SqliteStore::open(folder.path() / "store.db").value();
    std::unique_ptr<Namespace> opened = store->open_namespace("test");

    Namespace& space() { return *opened; }
    static void pass(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }
};

struct RedisStage {
    RedisServer server;
    RedisStore store{server.config()};
    std::unique_ptr<Namespace> opened = store.open_namespace("test");

    Namespace& space() { return *opened; }
    static void pass(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }
};

}  // namespace sluice::store::test
