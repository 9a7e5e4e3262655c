#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "result.hpp"
#include "store/redis_scripts.hpp"

namespace sluice::store {

using Deadline = std::chrono::steady_clock::time_point;

/// One operation for the server. `key` and `arguments` are any bytes.
struct RedisCommand {
    const RedisScript* script;
    std::string key;
    std::vector<std::string> arguments;
};

/// What the server answered: a text, a number, a list, nothing, or an error.
struct RedisReply {
    enum class Kind { kNull, kText, kNumber, kList, kError };

    Kind kind = Kind::kNull;
    std::string text;  ///< kText, kError
    std::int64_t number = 0;
    std::vector<RedisReply> items;

    bool is_null() const noexcept { return kind == Kind::kNull; }
};

/// One connection to the server, used by one thread. Blocks, each time at most until the deadline given.
class RedisConnection {
public:
    explicit RedisConnection(const config::Redis& config);
    ~RedisConnection();

    /// Connects, logs in, chooses the database and loads the scripts, and sees whether
    /// writing is possible. The error says what went wrong. [worker]
    Result<void> connect(Deadline deadline);
    /// False if the server has closed the connection meanwhile: what is sent would be lost. [worker]
    bool is_alive() const noexcept;
    /// Sends all commands in one go and waits for all replies, in their order. After an error the connection is closed,
    /// and which of them were done is not known. [worker]
    Result<std::vector<RedisReply>> run(std::span<const RedisCommand> commands, Deadline deadline);
    void close() noexcept;

private:
    struct Session;

    Result<void> log_in();
    Result<void> load_scripts();
    Result<void> try_to_write();
    std::vector<RedisReply> run_once(std::span<const RedisCommand> commands);

    const config::Redis config_;
    std::unique_ptr<Session> session_;
};

}  // namespace sluice::store
