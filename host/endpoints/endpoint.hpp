#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/error_table.hpp"
#include "http/request.hpp"
#include "observability/endpoint_kind.hpp"
#include "stream/stream_dialect.hpp"

namespace sluice::endpoints {

/// How an endpoint's answer is made.
enum class Service {
    kBackend,  ///< by the backend the router chooses
    kHealth,
    kModels,  ///< the list or one model, by the path
    kMetrics
};

/// How an endpoint takes its request body.
enum class BodyRule {
    kJson,           ///< one JSON object, whole and checked before it goes on
    kJsonOrStreamed  ///< the same if the content type says JSON, else streamed through
};

/// What is known about a path before any route is looked at.
struct Endpoint {
    Service service = Service::kBackend;
    observability::EndpointKind kind = observability::EndpointKind::kNone;
    std::string_view methods;  ///< for Allow, and what is accepted: "POST"; empty = any
    BodyRule body = BodyRule::kJsonOrStreamed;
    stream::Dialect dialect = stream::Dialect::kNamed;
};

/// The endpoint of `path`, or nothing where this gateway has none. `has_public_metrics`: GET /metrics is served.
std::optional<Endpoint> find_endpoint(std::string_view path, bool has_public_metrics) noexcept;

/// True where `method` is one the endpoint takes.
bool accepts_method(const Endpoint& endpoint, std::string_view method) noexcept;

/// True where the content type is JSON: application/json, or a type with the suffix +json (RFC 6839).
bool is_json_content_type(std::string_view content_type) noexcept;

}  // namespace sluice::endpoints
