#include <sluice/testing/fake_exchange.hpp>
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/loaded_middleware.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/bench.hpp"

namespace sluice::conformance {

namespace {

using testing::FakeExchange;
using Phase = FakeExchange::Phase;

constexpr std::size_t kExchanges = 64;
constexpr int kChunks = 16;
constexpr std::array<std::string_view, 5> kHooks{"on_head", "on_request", "on_response", "on_chunk", "on_complete"};

/// Exchanges that go through one hook after the other, all of them through each, so that the clock is read seldom.
class HookBench {
public:
    HookBench(testing::FakeHost& host, testing::LoadedMiddleware& middleware) : host_(host), middleware_(middleware) {}

    /// In the order of kHooks; 0 where there is no such hook, or the requests do not get that far.
    std::array<double, kHooks.size()> measure() {
        round();
        std::array<std::vector<double>, kHooks.size()> results;
        for (int number = 0; number < kBenchRounds; ++number) {
            const auto times = round();
            for (std::size_t hook = 0; hook < times.size(); ++hook) results[hook].push_back(times[hook]);
        }
        std::array<double, kHooks.size()> medians{};
        std::transform(results.begin(), results.end(), medians.begin(), median);
        return medians;
    }

private:
    const sluice_middleware_api& table() const { return middleware_.table(); }

    std::array<double, kHooks.size()> round() {
        begin();
        const double head = time_hook(Phase::kHead, table().on_head);
        const double request = goes_on_ ? time_hook(Phase::kRequest, table().on_request) : 0;
        const double response = time_response();
        const double chunk = time_chunk();
        return {head, request, response, chunk, time_complete()};
    }

    void begin() {
        exchanges_.clear();
        goes_on_ = true;
        for (std::size_t number = 0; number < kExchanges; ++number) {
            auto request = testing::FakeRequest::chat("bench", "good morning", true);
            request.set_path("/v1/chat/completions").set_header("Authorization", "Bearer sk-bench");
            exchanges_.push_back(std::make_unique<FakeExchange>(host_, std::move(request)));
        }
    }
    template <class Work>
    double time_of(int times, Work work) {
        const double begin = thread_cpu_ns();
        for (const auto& exchange : exchanges_) work(*exchange);
        return (thread_cpu_ns() - begin) / static_cast<double>(exchanges_.size()) / times;
    }
    double time_hook(Phase phase, decltype(sluice_middleware_api::on_head) hook) {
        if (hook == nullptr) return 0;
        return time_of(1, [&](FakeExchange& exchange) {
            exchange.enter(phase);
            const sluice_verdict verdict =
                hook(middleware_.handle(), exchange.slot(), exchange.raw(), &FakeExchange::table());
            const sluice_verdict settled = verdict == SLUICE_PENDING ? exchange.settle(verdict) : verdict;
            goes_on_ = goes_on_ && settled == SLUICE_CONTINUE;
        });
    }
    double time_response() {
        if (table().on_response == nullptr) return 0;
        for (const auto& exchange : exchanges_) {
            exchange->set_response(200, "text/event-stream", true);
            exchange->enter(Phase::kResponse);
        }
        return time_of(1, [&](FakeExchange& exchange) {
            table().on_response(middleware_.handle(), exchange.slot(), exchange.raw(), &FakeExchange::table());
        });
    }
    double time_chunk() {
        if (table().on_chunk == nullptr) return 0;
        std::string replacement;
        const sluice_text_sink sink = {&replacement, [](void* ctx, sluice_str text) noexcept {
                                           static_cast<std::string*>(ctx)->assign(text.ptr, text.len);
                                       }};
        constexpr sluice_str kData = SLUICE_STR(R"({"choices":[{"index":0,"delta":{"content":"word "}}]})");
        for (const auto& exchange : exchanges_) exchange->enter(Phase::kChunk);
        return time_of(kChunks, [&](FakeExchange& exchange) {
            for (int number = 0; number < kChunks; ++number) {
                table().on_chunk(middleware_.handle(), exchange.slot(), exchange.raw(), &FakeExchange::table(),
                                 sluice_str{nullptr, 0}, kData, sink);
            }
        });
    }
    double time_complete() {
        if (table().on_complete == nullptr) return 0;
        sluice_summary summary{};
        summary.struct_size = sizeof summary;
        summary.http_status = 200;
        return time_of(1, [&](FakeExchange& exchange) {
            table().on_complete(middleware_.handle(), *exchange.slot(), &summary);
            *exchange.slot() = nullptr;
        });
    }

    testing::FakeHost& host_;
    testing::LoadedMiddleware& middleware_;
    std::vector<std::unique_ptr<FakeExchange>> exchanges_;
    bool goes_on_ = true;  // no hook has answered or refused
};

}  // namespace

std::vector<Figure> measure_middleware(const Subject& subject) {
    testing::FakeHost host("bench", testing::Time::kReal);
    testing::LoadedMiddleware middleware(host, *subject.library->middleware(), subject.settings);
    HookBench bench(host, middleware);
    const auto times = bench.measure();
    std::vector<Figure> figures;
    for (std::size_t hook = 0; hook < kHooks.size(); ++hook) {
        if (times[hook] > 0) figures.push_back({std::string(kHooks[hook]), times[hook]});
    }
    return figures;
}

}  // namespace sluice::conformance
