#include "endpoints/endpoint.hpp"

#include <array>

#include "http/ascii_case.hpp"

namespace sluice::endpoints {

namespace {

using observability::EndpointKind;
using stream::Dialect;

struct Entry {
    std::string_view path;
    Endpoint endpoint;
};

constexpr std::array kExactPaths{
    Entry{"/v1/chat/completions",
          {Service::kBackend, EndpointKind::kChatCompletions, "POST", BodyRule::kJson, Dialect::kChat}},
    Entry{"/v1/responses", {Service::kBackend, EndpointKind::kResponses, "POST", BodyRule::kJson, Dialect::kNamed}},
    Entry{"/v1/embeddings", {Service::kBackend, EndpointKind::kEmbeddings, "POST", BodyRule::kJson, Dialect::kNamed}},
    Entry{"/v1/completions", {Service::kBackend, EndpointKind::kCompletions, "POST", BodyRule::kJson, Dialect::kChat}},
    Entry{"/v1/moderations", {Service::kBackend, EndpointKind::kPassthrough, "POST", BodyRule::kJson, Dialect::kNamed}},
    Entry{"/v1/models", {Service::kModels, EndpointKind::kModels, "GET, HEAD", BodyRule::kJson, Dialect::kNamed}},
    Entry{"/health", {Service::kHealth, EndpointKind::kHealth, "GET, HEAD", BodyRule::kJson, Dialect::kNamed}},
};

constexpr Endpoint kOneModel{Service::kModels, EndpointKind::kModels, "GET, HEAD", BodyRule::kJson, Dialect::kNamed};
constexpr Endpoint kMetrics{Service::kMetrics, EndpointKind::kMetrics, "GET, HEAD", BodyRule::kJson, Dialect::kNamed};
constexpr Endpoint kAnythingElse{Service::kBackend, EndpointKind::kPassthrough, "", BodyRule::kJsonOrStreamed,
                                 Dialect::kNamed};

}  // namespace

std::optional<Endpoint> find_endpoint(std::string_view path, bool has_public_metrics) noexcept {
    for (const Entry& entry : kExactPaths) {
        if (entry.path == path) return entry.endpoint;
    }
    if (has_public_metrics && path == "/metrics") return kMetrics;
    if (path.starts_with("/v1/models/") && path.size() > 11) return kOneModel;
    if (path.starts_with("/v1/") && path.size() > 4) return kAnythingElse;
    return std::nullopt;
}

bool accepts_method(const Endpoint& endpoint, std::string_view method) noexcept {
    std::string_view rest = endpoint.methods;
    if (rest.empty()) return method != "CONNECT" && method != "TRACE";
    while (!rest.empty()) {
        std::size_t comma = rest.find(", ");
        if (rest.substr(0, comma) == method) return true;
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
    }
    return false;
}

bool is_json_content_type(std::string_view content_type) noexcept {
    std::string_view type = http::trim_blanks(content_type.substr(0, content_type.find(';')));
    if (http::equals_ignoring_case(type, "application/json")) return true;
    return type.size() > 17 && http::starts_with_ignoring_case(type, "application/") &&
           http::equals_ignoring_case(type.substr(type.size() - 5), "+json");
}

}  // namespace sluice::endpoints
