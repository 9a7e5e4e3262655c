// The plugin between a fake host and fake exchanges: no gateway, no network.
#include "sluice/testing/loaded_middleware.hpp"

#include <cstdio>
#include <string>

using sluice::ChunkVerdict;
using sluice::Verdict;
using sluice::testing::FakeExchange;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedMiddleware;

namespace {

constexpr auto kConfig = R"({"header": "X-Team"})";
int failures = 0;

void expect(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "FAILED: %s\n", what);
        ++failures;
    }
}

void a_request_without_the_header_is_refused_by_its_name() {
    FakeHost host;
    LoadedMiddleware middleware(host, sluice_plugin_query(1, 0), kConfig);
    FakeExchange exchange(host, FakeRequest::chat("any", "hello"));
    expect(middleware.on_head(exchange) == Verdict::kRefuse, "it is refused");
    expect(exchange.error() && exchange.error()->message.find("X-Team") == 0, "the error names the header");
    middleware.on_complete(exchange);
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

void a_request_with_the_header_passes_and_its_answer_is_counted() {
    FakeHost host;
    LoadedMiddleware middleware(host, sluice_plugin_query(1, 0), kConfig);
    FakeExchange exchange(host, FakeRequest::chat("any", "hello").set_header("X-Team", "blue"));
    expect(middleware.on_head(exchange) == Verdict::kContinue, "it goes on");
    expect(middleware.on_request(exchange) == Verdict::kContinue, "with its body, too");
    exchange.set_response(200, "application/json");
    middleware.on_response(exchange);
    expect(exchange.response_header("X-Served-Team") == "blue", "the answer says whose it is");
    expect(middleware.on_chunk(exchange, "0123456789").verdict == ChunkVerdict::kPass, "a chunk passes as it is");
    middleware.on_complete(exchange);
    expect(host.metrics().value("answer_bytes_total") == 10, "its bytes are counted");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

}  // namespace

int main() {
    a_request_without_the_header_is_refused_by_its_name();
    a_request_with_the_header_passes_and_its_answer_is_counted();
    std::printf("%s\n", failures == 0 ? "all passed" : "some failed");
    return failures == 0 ? 0 : 1;
}
