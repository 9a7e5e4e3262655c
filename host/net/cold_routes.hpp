#pragma once

#include <Poco/ThreadPool.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "generation/generation.hpp"
#include "http/answer.hpp"
#include "observability/metrics.hpp"

namespace Poco::Net {
class HTTPRequestHandler;
class HTTPServerRequest;
}  // namespace Poco::Net

namespace sluice::net {

class Exchange;

/// The routes that are not worth a loop's time: health, models, metrics. They are POCO request handlers that run on a
/// Poco::ThreadPool, for connections of the loops as for the admin listener. [any-thread]
class ColdRoutes {
public:
    explicit ColdRoutes(const observability::Metrics& metrics);
    ~ColdRoutes();

    /// Answers the exchange's request on a thread of the pool. The exchange stays until it has the answer.
    /// [loop-thread]
    void run(Exchange& exchange);
    /// Ends the threads; what is queued is answered first.
    void stop();

    /// The handler of GET /metrics, for the caller to own.
    Poco::Net::HTTPRequestHandler* make_metrics_handler() const;

private:
    class Runner;
    void work();

    const observability::Metrics& metrics_;
    Poco::ThreadPool pool_;
    std::unique_ptr<Runner> runner_;
    std::mutex mutex_;
    std::deque<std::function<void()>> jobs_;
    int working_threads_ = 0;
};

}  // namespace sluice::net
