#include "store/redis_connection.hpp"

#include <Poco/Exception.h>
#include <Poco/Redis/Array.h>
#include <Poco/Redis/Error.h>

#include <map>
#include <utility>

#include "store/redis_link.hpp"

namespace sluice::store {
namespace {

using Poco::Redis::Array;
using Poco::Redis::BulkString;
using Poco::Redis::RedisType;

template <class Value>
const Value& value_of(const RedisType& reply) {
    return dynamic_cast<const Poco::Redis::Type<Value>&>(reply).value();
}

RedisReply reply_of(const RedisType& given) {
    RedisReply reply;
    if (given.isInteger()) {
        reply.kind = RedisReply::Kind::kNumber;
        reply.number = value_of<Poco::Int64>(given);
    } else if (given.isSimpleString()) {
        reply.kind = RedisReply::Kind::kText;
        reply.text = value_of<std::string>(given);
    } else if (given.isError()) {
        reply.kind = RedisReply::Kind::kError;
        reply.text = value_of<Poco::Redis::Error>(given).getMessage();
    } else if (given.isBulkString() && !value_of<BulkString>(given).isNull()) {
        reply.kind = RedisReply::Kind::kText;
        reply.text = value_of<BulkString>(given).value();
    } else if (given.isArray() && !value_of<Array>(given).isNull()) {
        reply.kind = RedisReply::Kind::kList;
        for (const RedisType::Ptr& item : value_of<Array>(given)) reply.items.push_back(reply_of(*item));
    }
    return reply;
}

bool is_unknown_script(const RedisReply& reply) {
    return reply.kind == RedisReply::Kind::kError && reply.text.starts_with("NOSCRIPT");
}

}  // namespace

struct RedisConnection::Session {
    RedisLink link;
    std::map<const RedisScript*, std::string> digests;

    RedisReply ask(std::initializer_list<std::string_view> words) {
        std::string bytes;
        append_command(bytes, words.size());
        for (const std::string_view word : words) append_word(bytes, word);
        link.send(bytes);
        return reply_of(*link.read_reply());
    }
};

RedisConnection::RedisConnection(const config::Redis& config) : config_(config) {}

RedisConnection::~RedisConnection() = default;

void RedisConnection::close() noexcept { session_.reset(); }

bool RedisConnection::is_alive() const noexcept { return session_ != nullptr && session_->link.is_quiet(); }

Result<void> RedisConnection::connect(Deadline deadline) {
    std::string reason;
    try {
        session_ = std::make_unique<Session>();
        session_->link.set_deadline(deadline);
        session_->link.connect(config_.host, config_.port);
        Result<void> outcome = log_in();
        if (outcome) outcome = load_scripts();
        if (outcome) outcome = try_to_write();
        if (outcome) return outcome;
        reason = outcome.error();
    } catch (const Poco::Exception& error) {
        reason = error.displayText();
    } catch (const std::exception& error) {
        reason = error.what();
    }
    close();
    return Unexpected(std::move(reason));
}

Result<void> RedisConnection::log_in() {
    if (!config_.password.empty()) {
        const RedisReply reply = config_.user.empty() ? session_->ask({"AUTH", config_.password})
                                                      : session_->ask({"AUTH", config_.user, config_.password});
        if (reply.kind == RedisReply::Kind::kError) return Unexpected("the login was refused: " + reply.text);
    }
    if (config_.database == 0) return {};
    const std::string database = std::to_string(config_.database);
    const RedisReply reply = session_->ask({"SELECT", database});
    if (reply.kind == RedisReply::Kind::kError) return Unexpected("database " + database + ": " + reply.text);
    return {};
}

Result<void> RedisConnection::load_scripts() {
    for (const RedisScript* script : redis_scripts::all()) {
        const std::string text = std::string(script->functions) + std::string(script->text);
        const RedisReply reply = session_->ask({"SCRIPT", "LOAD", text});
        if (reply.kind != RedisReply::Kind::kText) {
            return Unexpected("the script " + std::string(script->name) + " was refused: " + reply.text);
        }
        session_->digests[script] = reply.text;
    }
    return {};
}

// A replica, or a server that is loading, takes connections and scripts and refuses every write.
Result<void> RedisConnection::try_to_write() {
    const RedisCommand probe{&redis_scripts::kRemove, config_.key_prefix + "probe", {}};
    const RedisReply reply = std::move(run_once(std::span(&probe, 1)).front());
    return reply.kind == RedisReply::Kind::kError ? Result<void>(Unexpected(reply.text)) : Result<void>();
}

Result<std::vector<RedisReply>> RedisConnection::run(std::span<const RedisCommand> commands, Deadline deadline) {
    std::string reason;
    try {
        session_->link.set_deadline(deadline);
        std::vector<RedisReply> replies = run_once(commands);
        // The server has forgotten its scripts (SCRIPT FLUSH, another server behind a proxy): those were not done.
        std::vector<RedisCommand> again;
        for (std::size_t at = 0; at < commands.size(); ++at) {
            if (is_unknown_script(replies[at])) again.push_back(commands[at]);
        }
        if (again.empty()) return replies;
        if (const Result<void> loaded = load_scripts(); loaded) {
            std::vector<RedisReply> second = run_once(again);
            std::size_t next = 0;
            for (RedisReply& reply : replies) {
                if (is_unknown_script(reply)) reply = std::move(second[next++]);
            }
            return replies;
        } else {
            reason = loaded.error();
        }
    } catch (const Poco::Exception& error) {
        reason = error.displayText();
    } catch (const std::exception& error) {
        reason = error.what();
    }
    close();
    return Unexpected(std::move(reason));
}

std::vector<RedisReply> RedisConnection::run_once(std::span<const RedisCommand> commands) {
    std::string bytes;
    for (const RedisCommand& command : commands) {
        append_command(bytes, 4 + command.arguments.size());
        append_word(bytes, "EVALSHA");
        append_word(bytes, session_->digests.at(command.script));
        append_word(bytes, "1");
        append_word(bytes, command.key);
        for (const std::string& argument : command.arguments) append_word(bytes, argument);
    }
    session_->link.send(bytes);
    std::vector<RedisReply> replies;
    replies.reserve(commands.size());
    for (std::size_t at = 0; at < commands.size(); ++at) replies.push_back(reply_of(*session_->link.read_reply()));
    return replies;
}

}  // namespace sluice::store
