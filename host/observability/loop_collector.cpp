#include "observability/loop_collector.hpp"

#include "observability/family_builder.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <span>

namespace sluice::observability {
namespace {

using prometheus::MetricType::Counter;
using prometheus::MetricType::Gauge;
using Names = std::vector<std::string>;

constexpr std::string_view kConnections = "sluice_connections_total";
constexpr std::string_view kActiveConnections = "sluice_connections_active";
constexpr std::string_view kActiveExchanges = "sluice_exchanges_active";
constexpr std::string_view kReceivedBytes = "sluice_received_bytes_total";
constexpr std::string_view kSentBytes = "sluice_sent_bytes_total";
constexpr std::string_view kRequests = "sluice_requests_total";
constexpr std::string_view kEnded = "sluice_exchanges_ended_total";
constexpr std::string_view kAttempts = "sluice_backend_attempts_total";
constexpr std::string_view kTokens = "sluice_tokens_total";
constexpr std::string_view kDuration = "sluice_request_duration_seconds";
constexpr std::string_view kFirstByte = "sluice_first_byte_seconds";

constexpr std::array<std::string_view, LoopMetrics::kStatusClasses> kStatusClassNames{"none", "1xx", "2xx",
                                                                                      "3xx",  "4xx", "5xx"};

// `pick` takes a Backend and gives a number of it.
template <class Pick>
std::uint64_t total_of(const LoopShards& loops, std::size_t slot, Pick pick) {
    std::uint64_t total = 0;
    for (const auto& loop : loops) {
        total += pick(loop->backend(slot));
    }
    return total;
}

prometheus::MetricFamily single(std::string_view name, std::string_view help, prometheus::MetricType type,
                                std::uint64_t value) {
    FamilyBuilder family(name, help, type);
    family.add({}, static_cast<double>(value));
    return std::move(family).take();
}

void collect_connections(const LoopShards& loops, std::vector<prometheus::MetricFamily>& into) {
    std::uint64_t opened = 0;
    std::uint64_t active_connections = 0;
    std::uint64_t active_exchanges = 0;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    for (const auto& loop : loops) {
        // What ends is read before what begins, so that a difference is never negative.
        const std::uint64_t closed = loop->connections_closed();
        const std::uint64_t opened_here = loop->connections_opened();
        const std::uint64_t ended = loop->exchanges_ended();
        active_exchanges += loop->exchanges_started() - ended;
        active_connections += opened_here - closed;
        opened += opened_here;
        received += loop->total_bytes_received();
        sent += loop->total_bytes_sent();
    }
    into.push_back(single(kConnections, "Client connections accepted.", Counter, opened));
    into.push_back(single(kActiveConnections, "Client connections open now.", Gauge, active_connections));
    into.push_back(single(kActiveExchanges, "Requests being answered now.", Gauge, active_exchanges));
    into.push_back(single(kReceivedBytes, "Bytes received from clients.", Counter, received));
    into.push_back(single(kSentBytes, "Bytes sent to clients.", Counter, sent));
}

prometheus::MetricFamily collect_requests(const LoopShards& loops, const Names& backends) {
    FamilyBuilder family(kRequests, "Requests ended, by endpoint, backend instance and class of the status sent.",
                         Counter);
    for (std::size_t cell = 0; cell < backends.size() * kEndpointKindNames.size() * kStatusClassNames.size(); ++cell) {
        const std::size_t status = cell % kStatusClassNames.size();
        const std::size_t endpoint = cell / kStatusClassNames.size() % kEndpointKindNames.size();
        const std::size_t slot = cell / kStatusClassNames.size() / kEndpointKindNames.size();
        const std::uint64_t count = total_of(
            loops, slot, [&](const LoopMetrics::Backend& backend) { return backend.requests[endpoint][status].get(); });
        if (count > 0) {
            family.add({{"endpoint", kEndpointKindNames[endpoint]},
                        {"backend", backends[slot]},
                        {"status", kStatusClassNames[status]}},
                       static_cast<double>(count));
        }
    }
    return std::move(family).take();
}

prometheus::MetricFamily collect_ended(const LoopShards& loops, const Names& backends) {
    FamilyBuilder family(kEnded, "Requests ended, by who ended them.", Counter);
    for (std::size_t cell = 0; cell < backends.size() * kEndedByNames.size(); ++cell) {
        const std::size_t ended_by = cell % kEndedByNames.size();
        const std::size_t slot = cell / kEndedByNames.size();
        const std::uint64_t count = total_of(
            loops, slot, [&](const LoopMetrics::Backend& backend) { return backend.ended_by[ended_by].get(); });
        if (count > 0) {
            family.add({{"backend", backends[slot]}, {"ended_by", kEndedByNames[ended_by]}},
                       static_cast<double>(count));
        }
    }
    return std::move(family).take();
}

void collect_work(const LoopShards& loops, const Names& backends, std::vector<prometheus::MetricFamily>& into) {
    FamilyBuilder attempts(kAttempts, "Calls made to backend instances.", Counter);
    FamilyBuilder tokens(kTokens, "Tokens that backends reported.", Counter);
    for (std::size_t slot = 0; slot < backends.size(); ++slot) {
        using Backend = LoopMetrics::Backend;
        const std::uint64_t calls = total_of(loops, slot, [](const Backend& it) { return it.attempts.get(); });
        const std::uint64_t prompt = total_of(loops, slot, [](const Backend& it) { return it.prompt_tokens.get(); });
        const std::uint64_t answer =
            total_of(loops, slot, [](const Backend& it) { return it.completion_tokens.get(); });
        if (calls > 0) {
            attempts.add({{"backend", backends[slot]}}, static_cast<double>(calls));
        }
        if (prompt + answer > 0) {
            tokens.add({{"backend", backends[slot]}, {"kind", "prompt"}}, static_cast<double>(prompt));
            tokens.add({{"backend", backends[slot]}, {"kind", "completion"}}, static_cast<double>(answer));
        }
    }
    into.push_back(std::move(attempts).take());
    into.push_back(std::move(tokens).take());
}

using HistogramOf = const DurationHistogram& (*)(const LoopMetrics::Backend&);

// Count and buckets come from the same reading, so that they agree with each other.
void fill_histogram(const LoopShards& loops, std::size_t slot, HistogramOf histogram_of,
                    prometheus::ClientMetric::Histogram& into) {
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket <= DurationHistogram::kBoundsNs.size(); ++bucket) {
        count += total_of(loops, slot,
                          [&](const LoopMetrics::Backend& backend) { return histogram_of(backend).bucket(bucket); });
        const bool is_last = bucket == DurationHistogram::kBoundsNs.size();
        const double bound = is_last ? std::numeric_limits<double>::infinity()
                                     : static_cast<double>(DurationHistogram::kBoundsNs[bucket]) / 1e9;
        into.bucket.push_back({count, bound});
    }
    into.sample_count = count;
    into.sample_sum =
        static_cast<double>(total_of(
            loops, slot, [&](const LoopMetrics::Backend& backend) { return histogram_of(backend).sum_ns(); })) /
        1e9;
}

prometheus::MetricFamily collect_histogram(const LoopShards& loops, const Names& backends, std::string_view name,
                                           std::string_view help, HistogramOf histogram_of) {
    FamilyBuilder family(name, help, prometheus::MetricType::Histogram);
    for (std::size_t slot = 0; slot < backends.size(); ++slot) {
        prometheus::ClientMetric::Histogram histogram;
        fill_histogram(loops, slot, histogram_of, histogram);
        if (histogram.sample_count > 0) {
            family.add({{"backend", backends[slot]}}).histogram = std::move(histogram);
        }
    }
    return std::move(family).take();
}

}  // namespace

std::vector<std::pair<std::string_view, MetricType>> LoopCollector::names() {
    std::vector<std::pair<std::string_view, MetricType>> all;
    for (const std::string_view name : {kActiveConnections, kActiveExchanges}) {
        all.emplace_back(name, MetricType::kGauge);
    }
    for (const std::string_view name :
         {kConnections, kReceivedBytes, kSentBytes, kRequests, kEnded, kAttempts, kTokens}) {
        all.emplace_back(name, MetricType::kCounter);
    }
    for (const std::string_view name : {kDuration, kFirstByte}) {
        all.emplace_back(name, MetricType::kHistogram);
    }
    return all;
}

std::vector<prometheus::MetricFamily> LoopCollector::Collect() const {
    const Names backends = backend_names_();
    std::vector<prometheus::MetricFamily> families;
    collect_connections(loops_, families);
    families.push_back(collect_requests(loops_, backends));
    families.push_back(collect_ended(loops_, backends));
    collect_work(loops_, backends, families);
    families.push_back(collect_histogram(
        loops_, backends, kDuration, "From a request's first byte to the end of its answer.",
        [](const LoopMetrics::Backend& backend) -> const DurationHistogram& { return backend.duration; }));
    families.push_back(collect_histogram(
        loops_, backends, kFirstByte, "From a request's end to the first byte of its answer.",
        [](const LoopMetrics::Backend& backend) -> const DurationHistogram& { return backend.first_byte; }));
    return families;
}

}  // namespace sluice::observability
