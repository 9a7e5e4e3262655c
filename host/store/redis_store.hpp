#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "store/namespace.hpp"

namespace sluice::store {

class RedisWorker;

/// One line in the log when a store goes down, and one when it is back, however many connections it has. [any-thread]
class RedisHealth {
public:
    explicit RedisHealth(std::string server) : server_(std::move(server)) {}

    void note_down(const std::string& reason);
    void note_up();

private:
    const std::string server_;
    std::atomic<bool> is_down_{false};
};

/// Namespaces on a Redis or Valkey server, shared with every other gateway that has the same server and key prefix.
/// Each connection has a thread, which sends what waits in one go; what is asked of one key goes by one connection. An
/// operation that is not answered within the configured time is answered SLUICE_STORE_FAILED; from then on, all are at
/// once until the connection is back, which the thread tries by itself.
class RedisStore {
public:
    /// Connects, and waits for it at most for the configured time: a server that is down is no error.
    explicit RedisStore(const config::Redis& config);
    /// Answers what was asked before, and ends the threads. The namespaces are gone by then.
    ~RedisStore();
    RedisStore(const RedisStore&) = delete;
    RedisStore& operator=(const RedisStore&) = delete;

    /// The namespace `name`; does not outlive the store. [any-thread]
    std::unique_ptr<Namespace> open_namespace(const std::string& name);

private:
    const config::Redis config_;
    RedisHealth health_;
    std::vector<std::unique_ptr<RedisWorker>> workers_;
};

}  // namespace sluice::store
