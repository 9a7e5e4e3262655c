#pragma once

#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SocketAddress.h>

#include <sstream>
#include <string>

#include "http/answer.hpp"
#include "http/request.hpp"

namespace sluice::net {

/// A response in memory: lets a POCO handler answer a connection that a loop owns. Headers and body are read back from
/// it once the handler has returned.
class ColdResponse final : public Poco::Net::HTTPServerResponse {
public:
    /// What the handler has answered.
    http::Answer answer() const;

    // HTTPServerResponse
    void sendContinue() override {}
    std::ostream& send() override;
    void sendFile(const std::string& path, const std::string& mediaType) override;
    void sendBuffer(const void* bytes, std::size_t length) override;
    void redirect(const std::string& uri, HTTPStatus status) override;
    void requireAuthentication(const std::string& realm) override;
    bool sent() const override { return is_sent_; }

private:
    std::ostringstream body_;
    bool is_sent_ = false;
};

/// A request in memory, copied from one of a loop.
class ColdRequest final : public Poco::Net::HTTPServerRequest {
public:
    ColdRequest(const http::Request& request, ColdResponse& response);

    // HTTPServerRequest
    std::istream& stream() override { return body_; }
    const Poco::Net::SocketAddress& clientAddress() const override { return client_; }
    const Poco::Net::SocketAddress& serverAddress() const override { return server_; }
    const Poco::Net::HTTPServerParams& serverParams() const override { return *params_; }
    Poco::Net::HTTPServerResponse& response() const override { return response_; }
    bool secure() const override { return false; }

private:
    ColdResponse& response_;
    std::istringstream body_;
    Poco::Net::SocketAddress client_;
    Poco::Net::SocketAddress server_;
    Poco::Net::HTTPServerParams::Ptr params_;
};

}  // namespace sluice::net
