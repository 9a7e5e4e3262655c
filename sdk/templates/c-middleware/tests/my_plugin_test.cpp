// The plugin between a fake host and fake exchanges: no gateway, no network.
#include "sluice/testing/loaded_middleware.hpp"

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using sluice::Verdict;
using sluice::testing::FakeExchange;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedMiddleware;

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "FAILED: %s\n", what);
        ++failures;
    }
}

void an_exchange_is_marked_and_measured() {
    FakeHost host;
    LoadedMiddleware middleware(host, sluice_plugin_query(1, 0));
    FakeExchange exchange(host, FakeRequest::chat("any", "hello"));
    expect(middleware.on_head(exchange) == Verdict::kContinue, "it goes on");
    expect(exchange.response_header("X-Seen-By") == "my-plugin", "the answer will carry the mark");
    host.advance(std::chrono::seconds(2));
    middleware.on_complete(exchange);
    expect(host.metrics().observations("exchange_seconds") == std::vector<double>{2}, "it took two seconds");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

void exchanges_are_measured_each_on_its_own() {
    FakeHost host;
    LoadedMiddleware middleware(host, sluice_plugin_query(1, 0));
    FakeExchange first(host, FakeRequest::chat("any", "hello"));
    FakeExchange second(host, FakeRequest::chat("any", "hello"));
    middleware.on_head(first);
    host.advance(std::chrono::seconds(1));
    middleware.on_head(second);
    middleware.on_complete(second);
    middleware.on_complete(first);
    expect(host.metrics().observations("exchange_seconds") == std::vector<double>{0, 1}, "none and one second");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

}  // namespace

int main() {
    an_exchange_is_marked_and_measured();
    exchanges_are_measured_each_on_its_own();
    std::printf("%s\n", failures == 0 ? "all passed" : "some failed");
    return failures == 0 ? 0 : 1;
}
