#include "app/route_answer.hpp"

#include "endpoints/endpoint.hpp"
#include "http/attributes.hpp"

namespace sluice::app {

namespace {

using endpoints::Service;
using http::WireError;

/// There may be thousands.
constexpr std::size_t kMostPassed = 20;

std::string_view name_of(Service service) {
    switch (service) {
        case Service::kHealth: return "health";
        case Service::kModels: return "models";
        case Service::kMetrics: return "metrics";
        case Service::kBackend: break;
    }
    return {};
}

/// What is decided before the routes are asked: see Exchange::check_head().
void judge_endpoint(const http::Request& request, const config::Config& config, RouteAnswer& answer) {
    const auto endpoint = endpoints::find_endpoint(request.path, config.metrics.is_public);
    if (!endpoint) {
        answer.error = WireError::of("not_found", "Unknown route: " + answer.method + " " + answer.path + ".");
    } else if (!endpoints::accepts_method(*endpoint, request.method)) {
        answer.error = WireError::of("method_not_allowed", answer.path + ": found method " + answer.method +
                                                               ", expected " + std::string(endpoint->methods) + ".");
    } else {
        answer.answered_by = name_of(endpoint->service);
    }
}

void judge_target(const routing::Target& target, const http::Request& request, std::uint64_t now_ns,
                  RouteAnswer& answer) {
    if (target.policy) {
        answer.outlook = routing::outlook_of(*target.policy, request, now_ns);
    } else if (target.backend) {
        answer.is_quarantined = target.backend->is_quarantined();
        if (target.backend->serves(request.path)) return;
        answer.backend_error = WireError::of(
            "not_found", "The backend " + target.backend->name() + " does not serve " + answer.path + ".");
    }
}

}  // namespace

RouteAnswer answer_of(const RouteQuestion& question, const RouteSource& source) {
    RouteAnswer answer;
    answer.is_live = source.generation > 0;
    answer.generation = source.generation;
    http::Request request;
    answer.error = fill_request(question, source.config.server.limits.url_bytes, request);
    answer.method = request.method;
    answer.path = request.path;
    answer.model = request.model;
    if (!answer.error) judge_endpoint(request, source.config, answer);
    if (answer.error || !answer.answered_by.empty()) return answer;
    answer.error = source.router.check_headers(request);
    if (answer.error) return answer;
    http::Attributes attributes;
    for (const auto& [name, value] : question.attributes) attributes.set(name, value);
    answer.explanation = source.router.explain(request, attributes, kMostPassed);
    if (!answer.explanation->index) return answer;
    answer.route = &source.config.routes[*answer.explanation->index];
    judge_target(*answer.explanation->target, request, source.now_ns, answer);
    return answer;
}

}  // namespace sluice::app
