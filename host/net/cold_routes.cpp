#include "net/cold_routes.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Runnable.h>

#include "endpoints/health.hpp"
#include "endpoints/models.hpp"
#include "net/cold_request.hpp"
#include "net/exchange.hpp"

namespace sluice::net {

namespace {

using Poco::Net::HTTPRequestHandler;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

constexpr int kMaxWorkingThreads = 4;
/// More than ever work: a thread that has finished is the pool's again only a moment later.
constexpr int kPoolThreads = 16;
constexpr int kIdleSeconds = 30;

void put(const http::Answer& answer, HTTPServerResponse& response) {
    response.setStatusAndReason(static_cast<HTTPResponse::HTTPStatus>(answer.status));
    response.setContentType(answer.content_type);
    for (const auto& [name, value] : answer.headers) response.set(name, value);
    response.sendBuffer(answer.body.data(), answer.body.size());
}

http::Answer answer_of(const http::WireError& error) { return {error.status, "application/json", error.json(), {}}; }

class HealthHandler final : public HTTPRequestHandler {
public:
    explicit HealthHandler(std::shared_ptr<const generation::Generation> generation)
        : generation_(std::move(generation)) {}
    void handleRequest(HTTPServerRequest&, HTTPServerResponse& response) override {
        put(generation_->health->answer(), response);
    }

private:
    std::shared_ptr<const generation::Generation> generation_;
};

class ModelsHandler final : public HTTPRequestHandler {
public:
    ModelsHandler(std::shared_ptr<const generation::Generation> generation, std::string visible)
        : generation_(std::move(generation)), visible_(std::move(visible)) {}
    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
        std::string path = request.getURI().substr(0, request.getURI().find('?'));
        auto answer = endpoints::answer_models(*generation_->catalog, path, visible_);
        put(answer ? *answer : answer_of(answer.error()), response);
    }

private:
    std::shared_ptr<const generation::Generation> generation_;
    std::string visible_;
};

class MetricsHandler final : public HTTPRequestHandler {
public:
    explicit MetricsHandler(const observability::Metrics& metrics) : metrics_(metrics) {}
    void handleRequest(HTTPServerRequest&, HTTPServerResponse& response) override {
        put({200, std::string(observability::Metrics::kContentType), metrics_.expose(), {}}, response);
    }

private:
    const observability::Metrics& metrics_;
};

std::unique_ptr<HTTPRequestHandler> make_handler(Exchange& exchange, const observability::Metrics& metrics) {
    std::shared_ptr<const generation::Generation> generation = exchange.generation();
    switch (exchange.endpoint().service) {
        case endpoints::Service::kModels:
            return std::make_unique<ModelsHandler>(std::move(generation),
                                                   std::string(exchange.attributes().find("models.visible")));
        case endpoints::Service::kMetrics: return std::make_unique<MetricsHandler>(metrics);
        default: return std::make_unique<HealthHandler>(std::move(generation));
    }
}

}  // namespace

/// One of the pool's threads works off the queue; it is started when there is work and a thread to be had.
class ColdRoutes::Runner final : public Poco::Runnable {
public:
    explicit Runner(ColdRoutes& routes) : routes_(routes) {}
    void run() override { routes_.work(); }

private:
    ColdRoutes& routes_;
};

ColdRoutes::ColdRoutes(const observability::Metrics& metrics)
    : metrics_(metrics), pool_("cold", 1, kPoolThreads, kIdleSeconds), runner_(std::make_unique<Runner>(*this)) {}

ColdRoutes::~ColdRoutes() { stop(); }

void ColdRoutes::stop() { pool_.joinAll(); }

HTTPRequestHandler* ColdRoutes::make_metrics_handler() const { return new MetricsHandler(metrics_); }

void ColdRoutes::run(Exchange& exchange) {
    auto response = std::make_shared<ColdResponse>();
    auto request = std::make_shared<ColdRequest>(exchange.request(), *response);
    std::shared_ptr<HTTPRequestHandler> handler = make_handler(exchange, metrics_);
    auto job = [request, response, handler, &exchange] {
        http::Answer answer;
        try {
            handler->handleRequest(*request, *response);
            answer = response->answer();
        } catch (const std::exception&) {
            answer = answer_of(http::WireError::of("internal_error", "The request could not be answered."));
        }
        exchange.post([&exchange, answer = std::move(answer)] { exchange.take_cold_answer(answer); });
    };
    {
        std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
        if (working_threads_ == kMaxWorkingThreads) return;  // they look into the queue before they rest
        ++working_threads_;
    }
    pool_.start(*runner_);
}

void ColdRoutes::work() {
    for (;;) {
        std::function<void()> job;
        {
            std::lock_guard lock(mutex_);
            if (jobs_.empty()) {
                --working_threads_;
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

}  // namespace sluice::net
