#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/loaded_backend.hpp>

#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "conformance/bench.hpp"
#include "conformance/counting_call.hpp"

namespace sluice::conformance {

namespace {

using testing::FakeRequest;

constexpr int kShortWords = 8;
constexpr int kLongWords = 512;
constexpr double kRoundNs = 2e6;
constexpr int kMaxCalls = 4096;

/// One kind of call, over and over.
class CallBench {
public:
    CallBench(testing::FakeHost& host, testing::LoadedBackend& backend, FakeRequest request)
        : host_(host), backend_(backend), request_(std::move(request)), call_(host, backend.is_asynchronous()) {}

    /// Of one call, in nanoseconds.
    double measure() {
        while (round() * calls_ < kRoundNs && calls_ < kMaxCalls) calls_ *= 2;
        std::vector<double> results;
        for (int number = 0; number < kBenchRounds; ++number) results.push_back(round());
        return median(std::move(results));
    }
    /// Of the last call.
    std::uint64_t writes() const noexcept { return call_.writes(); }

private:
    double round() {
        const double begin = thread_cpu_ns();
        for (int number = 0; number < calls_; ++number) answer();
        return (thread_cpu_ns() - begin) / calls_;
    }

    void answer() {
        call_.renew();
        const sluice_status status =
            backend_.table().start(backend_.handle(), call_.raw(), &CountingCall::table(), request_.to_abi());
        if (status < 0 || call_.is_ended()) return;
        if (!host_.loop().run_until([this] { return call_.is_ended(); })) {
            throw std::runtime_error("a call did not end within 5 s");
        }
    }

    testing::FakeHost& host_;
    testing::LoadedBackend& backend_;
    FakeRequest request_;
    CountingCall call_;
    int calls_ = 1;  // of a round
};

std::string words(int count) {
    std::string text;
    for (int number = 0; number < count; ++number) text += "word ";
    return text;
}

}  // namespace

std::vector<Figure> measure_backend(const Subject& subject) {
    testing::FakeHost host("bench", testing::Time::kReal);
    testing::LoadedBackend backend(host, *subject.library->backend(), subject.settings);
    const auto models = backend.models();
    const std::string model = models && !models->list().empty() ? models->list().front().id : "bench";
    const auto request = [&](int count, bool is_stream) {
        FakeRequest made = FakeRequest::chat(model, words(count), is_stream);
        made.set_path("/v1/chat/completions");
        return made;
    };
    CallBench whole(host, backend, request(kShortWords, false));
    CallBench stream(host, backend, request(kShortWords, true));
    CallBench long_stream(host, backend, request(kLongWords, true));
    std::vector<Figure> figures{{"call for a whole answer", whole.measure()}};
    const double short_time = stream.measure();
    figures.push_back({fmt::format("call for a stream, {} events", stream.writes()), short_time});
    const double long_time = long_stream.measure();
    if (long_stream.writes() > stream.writes()) {
        const auto more = static_cast<double>(long_stream.writes() - stream.writes());
        figures.push_back({fmt::format("each event of {} more", more), (long_time - short_time) / more});
    }
    return figures;
}

}  // namespace sluice::conformance
