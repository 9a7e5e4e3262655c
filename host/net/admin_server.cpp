#include "net/admin_server.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "http/error_table.hpp"
#include "net/admin_commands.hpp"

namespace sluice::net {

namespace {

using namespace Poco::Net;

/// Commands may take seconds; metrics are to be had meanwhile.
constexpr int kMaxThreads = 4;

class UnknownRoute final : public HTTPRequestHandler {
public:
    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
        auto error = http::WireError::of(
            "not_found", "Unknown admin route: " + request.getURI() + " (known: GET /metrics, POST /commands/<name>).");
        response.setStatusAndReason(HTTPResponse::HTTP_NOT_FOUND);
        response.setContentType("application/json");
        std::string body = error.json();
        response.sendBuffer(body.data(), body.size());
    }
};

class Factory final : public HTTPRequestHandlerFactory {
public:
    Factory(const ColdRoutes& cold_routes, const generation::CurrentGeneration& generations,
            const GatewayCommands& commands, bool is_private)
        : cold_routes_(cold_routes), generations_(generations), commands_(commands), is_private_(is_private) {}
    HTTPRequestHandler* createRequestHandler(const HTTPServerRequest& request) override {
        if (request.getURI().starts_with(kCommandPath)) {
            return make_command_handler(generations_, commands_, request.getURI().substr(kCommandPath.size()),
                                        is_private_);
        }
        bool is_metrics = request.getURI() == "/metrics" && request.getMethod() == HTTPRequest::HTTP_GET;
        return is_metrics ? cold_routes_.make_metrics_handler() : new UnknownRoute;
    }

private:
    const ColdRoutes& cold_routes_;
    const generation::CurrentGeneration& generations_;
    const GatewayCommands& commands_;
    const bool is_private_;
};

SocketAddress address_of(const config::Admin& admin, const std::filesystem::path& socket_path) {
    if (admin.listen == config::AdminListen::kTcp) return SocketAddress(admin.host, admin.port);
    return SocketAddress(SocketAddress::UNIX_LOCAL, socket_path.string());
}

}  // namespace

AdminServer::AdminServer(const config::Admin& admin, const std::filesystem::path& socket_path,
                         const ColdRoutes& cold_routes, const generation::CurrentGeneration& generations,
                         const GatewayCommands& commands)
    : pool_("admin", 1, kMaxThreads) {
    bool is_unix = admin.listen == config::AdminListen::kUnix;
    if (is_unix) {
        std::error_code ignored;
        std::filesystem::remove(socket_path, ignored);  // a leftover: the lock on the state folder is ours
        socket_path_ = socket_path;
    }
    ServerSocket socket;
    mode_t before = umask(0177);  // the socket is born with mode 0600, not given it a moment later
    try {
        socket.bind(address_of(admin, socket_path), !is_unix, false);
    } catch (...) {
        umask(before);
        throw;
    }
    umask(before);
    socket.listen(16);
    fcntl(socket.impl()->sockfd(), F_SETFD, FD_CLOEXEC);
    HTTPServerParams::Ptr params(new HTTPServerParams);
    params->setMaxThreads(kMaxThreads);
    params->setKeepAlive(false);
    params->setSoftwareVersion("");
    server_ =
        std::make_unique<HTTPServer>(new Factory(cold_routes, generations, commands, is_unix), pool_, socket, params);
}

AdminServer::~AdminServer() {
    std::error_code ignored;
    if (!socket_path_.empty()) std::filesystem::remove(socket_path_, ignored);
}

void AdminServer::start() { server_->start(); }

bool AdminServer::stop(std::chrono::milliseconds patience) {
    constexpr std::chrono::milliseconds kStep{5};
    server_->stopAll(true);
    // POCO's pool waits for a thread only so long, and then forgets it.
    for (auto waited = std::chrono::milliseconds(0); pool_.used() > 0; waited += kStep) {
        if (waited >= patience) return false;
        std::this_thread::sleep_for(kStep);
    }
    return true;
}

std::uint16_t AdminServer::port() const { return server_->port(); }

}  // namespace sluice::net
