#pragma once

#include <Poco/Net/HTTPServer.h>
#include <Poco/ThreadPool.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "config/config.hpp"
#include "generation/generation.hpp"
#include "net/admin_commands.hpp"
#include "net/cold_routes.hpp"

namespace sluice::net {

/// The listener for operators: GET /metrics and POST /commands/<name>, on a unix socket of mode 0600, or on TCP where
/// commands need a token.
/// A plain POCO HTTP server: nobody's request depends on its speed. [main-thread]
class AdminServer {
public:
    /// Binds; throws Poco::Exception with the reason where it cannot. `socket_path` is used for AdminListen::kUnix.
    /// The references outlive the server.
    AdminServer(const config::Admin& admin, const std::filesystem::path& socket_path, const ColdRoutes& cold_routes,
                const generation::CurrentGeneration& generations, const GatewayCommands& commands);
    /// Ends the threads and removes the socket file; stop() comes first.
    ~AdminServer();

    void start();
    /// Takes no more requests and waits for those that are being answered; false if `patience` is over before. Until
    /// they are, nothing may go that a command uses.
    bool stop(std::chrono::milliseconds patience);
    std::uint16_t port() const;

private:
    Poco::ThreadPool pool_;
    std::filesystem::path socket_path_;
    std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace sluice::net
