#pragma once

#include <Poco/Net/HTTPServer.h>
#include <Poco/ThreadPool.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "config/config.hpp"
#include "net/cold_routes.hpp"

namespace sluice::net {

/// The listener for operators: GET /metrics on a unix socket of mode 0600, or on TCP where the configuration says so.
/// A plain POCO HTTP server: nobody's request depends on its speed. [main-thread]
class AdminServer {
public:
    /// Binds; throws Poco::Exception with the reason where it cannot. `socket_path` is used for AdminListen::kUnix.
    AdminServer(const config::Admin& admin, const std::filesystem::path& socket_path, const ColdRoutes& cold_routes);
    /// Ends the threads and removes the socket file.
    ~AdminServer();

    void start();
    std::uint16_t port() const;

private:
    Poco::ThreadPool pool_;
    std::filesystem::path socket_path_;
    std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace sluice::net
