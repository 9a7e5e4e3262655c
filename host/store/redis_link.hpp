#pragma once

#include <Poco/Net/StreamSocket.h>
#include <Poco/Redis/RedisStream.h>
#include <Poco/Redis/Type.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/redis_connection.hpp"

namespace sluice::store {

/// A connection's bytes. Everything throws Poco::Exception, at the latest at the deadline set last.
/// Rationale: Poco::Redis::Client has no limit for sending, begins its limit for receiving anew with each byte that
/// comes, and takes a text that broke off for a whole one; so only its reader of replies is used.
class RedisLink {
public:
    RedisLink();

    void set_deadline(Deadline deadline);
    /// A host name is looked up; each of its addresses is tried.
    void connect(const std::string& host, std::uint16_t port);
    void send(std::string_view bytes);
    Poco::Redis::RedisType::Ptr read_reply();
    /// True if the server has not closed the connection, and has sent nothing that nobody asked for.
    bool is_quiet() const noexcept;

private:
    class Socket;

    Socket* impl_;  // socket_'s
    Poco::Net::StreamSocket socket_;
    Poco::Redis::RedisInputStream input_;
};

/// Appends one word of a command, as RESP writes it: any bytes, none of which means anything.
void append_word(std::string& bytes, std::string_view word);
/// Appends the beginning of a command of that many words.
void append_command(std::string& bytes, std::size_t words);

}  // namespace sluice::store
