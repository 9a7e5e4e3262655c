#include "net/admin_commands.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>

#include <openssl/crypto.h>

#include <istream>
#include <memory>
#include <optional>
#include <utility>

#include "http/error_table.hpp"
#include "net/command_wire.hpp"
#include "observability/log.hpp"
#include "result.hpp"

namespace sluice::net {

namespace {

using Poco::Net::HTTPRequest;
using Poco::Net::HTTPRequestHandler;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

Result<std::string, http::WireError> read_body(std::istream& stream) {
    std::string body(kMaxCommandRequestBytes + 1, '\0');
    stream.read(body.data(), static_cast<std::streamsize>(body.size()));
    body.resize(static_cast<std::size_t>(stream.gcount()));
    if (body.size() <= kMaxCommandRequestBytes) return body;
    return Unexpected(http::WireError::of(
        "payload_too_large", "The arguments exceed " + std::to_string(kMaxCommandRequestBytes) + " bytes."));
}

/// Nothing if the request bears the token.
std::optional<http::WireError> check_token(const HTTPServerRequest& request, const std::string& token) {
    if (token.empty()) {
        return http::WireError::of("command_not_allowed",
                                   "Over TCP commands need admin.token, which is not set; the unix socket needs none.");
    }
    const std::string expected = "Bearer " + token;
    const std::string given = request.get("Authorization", "");
    if (given.size() == expected.size() && CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0) {
        return std::nullopt;
    }
    return http::WireError::of("command_not_allowed", "Expected \"Authorization: Bearer\" with admin.token, found " +
                                                          std::string(given.empty() ? "none." : "another one."));
}

http::WireError unknown_command(const std::string& name, const generation::Generation& generation,
                                const GatewayCommands& commands) {
    std::string known;
    for (const auto& [own, run] : commands) known += (known.empty() ? "" : ", ") + own;
    for (const auto& [offered, instance] : generation.commands) known += (known.empty() ? "" : ", ") + offered;
    return http::WireError::of("not_found", "Neither the running gateway nor a plugin of it offers the command \"" +
                                                name + "\" (offered: " + (known.empty() ? "none" : known) + ").");
}

class CommandHandler final : public HTTPRequestHandler {
public:
    CommandHandler(const generation::CurrentGeneration& generations, const GatewayCommands& commands, std::string name,
                   bool is_private)
        : generations_(generations), commands_(commands), name_(std::move(name)), is_private_(is_private) {}

    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
        auto answer = run(request);
        response.setStatusAndReason(
            static_cast<HTTPResponse::HTTPStatus>(answer ? HTTPResponse::HTTP_OK : answer.error().status));
        response.setContentType("application/json");
        std::string body = answer ? *answer : answer.error().json();
        response.sendBuffer(body.data(), body.size());
    }

private:
    Result<std::string, http::WireError> run(HTTPServerRequest& request) const {
        using Refused = Unexpected<http::WireError>;
        // Held while the command runs: with it the instance and its code.
        std::shared_ptr<const generation::Generation> generation = generations_.get();
        if (!generation) return Refused(http::WireError::of("server_shutting_down", "The gateway is stopping."));
        if (!is_private_) {
            if (auto error = check_token(request, generation->config.admin.token)) return Refused(*error);
        }
        if (request.getMethod() != HTTPRequest::HTTP_POST) {
            return Refused(http::WireError::of("method_not_allowed", "A command is run with POST."));
        }
        auto body = read_body(request.stream());
        if (!body) return Refused(body.error());
        auto arguments = read_command_request(*body);
        if (!arguments) return Refused(http::WireError::of("invalid_request", arguments.error()));
        if (auto own = commands_.find(name_); own != commands_.end()) {
            generation.reset();  // a reload is not to wait for itself
            return command_outcome_json(own->second(*arguments));
        }
        auto found = generation->commands.find(name_);
        if (found == generation->commands.end()) return Refused(unknown_command(name_, *generation, commands_));
        plugin::CommandOutcome outcome = found->second->run_command(*arguments);
        // Without the arguments: there may be secrets in them.
        observability::log(observability::LogLevel::kInfo, "command", "a command was run",
                           {{"command", name_}, {"instance", found->second->name()}, {"exit_code", outcome.exit_code}});
        return command_outcome_json(outcome);
    }

    const generation::CurrentGeneration& generations_;
    const GatewayCommands& commands_;
    const std::string name_;
    const bool is_private_;
};

}  // namespace

HTTPRequestHandler* make_command_handler(const generation::CurrentGeneration& generations,
                                         const GatewayCommands& commands, std::string name, bool is_private) {
    return new CommandHandler(generations, commands, std::move(name), is_private);
}

}  // namespace sluice::net
