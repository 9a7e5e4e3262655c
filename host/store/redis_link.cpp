#include "store/redis_link.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace sluice::store {
namespace {

using Addresses = std::vector<Poco::Net::IPAddress>;

std::chrono::microseconds time_left(Deadline deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) throw Poco::TimeoutException("the server did not answer in time");
    return std::chrono::ceil<std::chrono::microseconds>(left);
}

// The system's resolver knows no limit of time: its thread is left to itself when it takes too long.
Addresses addresses_of(const std::string& host, Deadline deadline) {
    Poco::Net::IPAddress numeric;
    if (Poco::Net::IPAddress::tryParse(host, numeric)) return {numeric};
    auto looked_up = std::make_shared<std::promise<Addresses>>();
    std::future<Addresses> future = looked_up->get_future();
    std::thread([host, looked_up] {
        try {
            looked_up->set_value(Poco::Net::DNS::hostByName(host).addresses());
        } catch (...) {
            looked_up->set_exception(std::current_exception());
        }
    }).detach();
    if (future.wait_for(time_left(deadline)) != std::future_status::ready) {
        throw Poco::TimeoutException("the name \"" + host + "\" was not looked up in time");
    }
    return future.get();
}

}  // namespace

class RedisLink::Socket : public Poco::Net::StreamSocketImpl {
public:
    using StreamSocketImpl::receiveBytes;
    using StreamSocketImpl::sendBytes;

    int sendBytes(const void* buffer, int length, int flags) override {
        for (;;) {
            const ssize_t count =
                ::send(sockfd(), buffer, static_cast<std::size_t>(length), flags | MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count >= 0) return static_cast<int>(count);
            wait(POLLOUT);
        }
    }
    int receiveBytes(void* buffer, int length, int flags) override {
        for (;;) {
            const ssize_t count = ::recv(sockfd(), buffer, static_cast<std::size_t>(length), flags | MSG_DONTWAIT);
            // As an end of the stream it would pass for the end of a line.
            if (count == 0) throw Poco::Net::ConnectionResetException("the server closed the connection");
            if (count > 0) {
                time_left(deadline);  // a reply that drips has no more time than any other
                return static_cast<int>(count);
            }
            wait(POLLIN);
        }
    }
    bool is_quiet() const noexcept {
        char byte = 0;
        return ::recv(sockfd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    Deadline deadline{};

private:
    void wait(short events) const {
        if (errno == EINTR) return;
        if (errno != EAGAIN && errno != EWOULDBLOCK) error();
        pollfd waited{sockfd(), events, 0};
        const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time_left(deadline));
        ::poll(&waited, 1, static_cast<int>(milliseconds.count()));
    }
};

RedisLink::RedisLink() : impl_(new Socket), socket_(impl_), input_(socket_) {
    // Else a stream keeps what its socket throws to itself.
    input_.exceptions(std::ios::badbit | std::ios::failbit | std::ios::eofbit);
}

void RedisLink::set_deadline(Deadline deadline) { impl_->deadline = deadline; }

void RedisLink::connect(const std::string& host, std::uint16_t port) {
    const Addresses addresses = addresses_of(host, impl_->deadline);
    for (std::size_t at = 0; at < addresses.size(); ++at) {
        try {
            socket_.connect({addresses[at], port}, Poco::Timespan(time_left(impl_->deadline).count()));
            socket_.setNoDelay(true);
            socket_.setKeepAlive(true);
            return;
        } catch (const Poco::Exception&) {
            socket_.close();
            if (at + 1 == addresses.size()) throw;
        }
    }
    throw Poco::Net::HostNotFoundException(host);
}

void RedisLink::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count =
            socket_.sendBytes(bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

Poco::Redis::RedisType::Ptr RedisLink::read_reply() {
    const auto marker = static_cast<char>(input_.get());
    Poco::Redis::RedisType::Ptr reply = Poco::Redis::RedisType::createRedisType(marker);
    if (reply.isNull()) throw Poco::DataFormatException("the server's reply is not one of Redis");
    reply->read(input_);
    return reply;
}

bool RedisLink::is_quiet() const noexcept { return impl_->is_quiet(); }

void append_command(std::string& bytes, std::size_t words) {
    bytes.append("*").append(std::to_string(words)) += "\r\n";
}

void append_word(std::string& bytes, std::string_view word) {
    bytes.append("$").append(std::to_string(word.size())).append("\r\n").append(word) += "\r\n";
}

}  // namespace sluice::store
