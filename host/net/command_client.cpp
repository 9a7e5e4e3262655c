#include "net/command_client.hpp"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/StreamCopier.h>

#include "net/admin_commands.hpp"
#include "net/command_wire.hpp"

namespace sluice::net {

namespace {

using namespace Poco::Net;

constexpr int kFailed = 1;
constexpr int kWrongArguments = 2;

plugin::CommandOutcome failure(std::string reason, int exit_code = kFailed) {
    return {exit_code, "", std::move(reason) + "\n"};
}

std::optional<StreamSocket> connected(const std::filesystem::path& socket_path) {
    try {
        return StreamSocket(SocketAddress(SocketAddress::UNIX_LOCAL, socket_path.string()));
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
}

plugin::CommandOutcome outcome_of(HTTPResponse::HTTPStatus status, const std::string& body) {
    if (status == HTTPResponse::HTTP_NOT_FOUND) return failure(read_error_message(body), kWrongArguments);
    if (status != HTTPResponse::HTTP_OK) return failure(read_error_message(body));
    auto outcome = read_command_outcome(body);
    return outcome ? std::move(outcome).value() : failure("the gateway's answer: " + outcome.error());
}

}  // namespace

std::optional<plugin::CommandOutcome> run_in_gateway(const std::filesystem::path& socket_path, const std::string& name,
                                                     const std::vector<std::string>& arguments,
                                                     std::chrono::milliseconds timeout) {
    auto socket = connected(socket_path);
    if (!socket) return std::nullopt;
    try {
        HTTPClientSession session(*socket);
        session.setTimeout(Poco::Timespan(timeout.count() * 1000));
        HTTPRequest request(HTTPRequest::HTTP_POST, std::string(kCommandPath) + name, HTTPMessage::HTTP_1_1);
        request.setHost("sluice");
        request.setContentType("application/json");
        std::string body = command_request_json(arguments);
        request.setContentLength(static_cast<std::streamsize>(body.size()));
        session.sendRequest(request) << body << std::flush;
        HTTPResponse response;
        std::string answer;
        Poco::StreamCopier::copyToString(session.receiveResponse(response), answer);
        return outcome_of(response.getStatus(), answer);
    } catch (const Poco::TimeoutException&) {
        return failure("the gateway did not answer within " + std::to_string(timeout.count()) +
                       " ms; whether the command is done is not known");
    } catch (const Poco::Exception& error) {
        return failure("the gateway at " + socket_path.string() + ": " + error.displayText());
    }
}

}  // namespace sluice::net
