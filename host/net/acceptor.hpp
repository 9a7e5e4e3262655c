#pragma once

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/ThreadPool.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

namespace sluice::net {

/// The one acceptor: a POCO server that hands each accepted socket on instead of serving it on a thread.
class Acceptor final : public Poco::Net::TCPServer {
public:
    /// Takes an accepted, non-blocking, close-on-exec socket and the peer's numeric address. [acceptor's thread]
    using Handover = std::function<void(int descriptor, std::string peer)>;

    /// `socket` is bound and listens. `may_accept` is asked before each hand-over; where it says no, the client gets a
    /// 503.
    Acceptor(const Poco::Net::ServerSocket& socket, Poco::ThreadPool& pool, std::function<bool()> may_accept,
             Handover handover);
    ~Acceptor() override;

    /// Closes the listening socket and ends the thread. [main-thread]
    void stop_accepting();

protected:
    // Poco::Net::TCPServer
    void run() override;

private:
    void accept_all(int listening);
    void turn_away(int descriptor);

    std::function<bool()> may_accept_;
    Handover handover_;
    int wake_descriptor_;
    std::atomic<bool> is_stopping_{false};
};

}  // namespace sluice::net
