#include "store/measured_namespace.hpp"

#include <array>
#include <chrono>

namespace sluice::store {

namespace {

using Clock = std::chrono::steady_clock;

/// A counter that is refused (it never should be) counts nothing.
observability::Metric* counter(observability::MetricSet& metrics, const std::string& name, std::string_view outcome) {
    const std::array<observability::MetricLabel, 2> labels{{{"namespace", name}, {"outcome", outcome}}};
    return metrics.counter("operations_total", "Operations on namespaces that are not in memory.", labels)
        .value_or(nullptr);
}

observability::Metric* histogram(observability::MetricSet& metrics, const std::string& name) {
    constexpr std::array<double, 8> kBoundsSeconds{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 1};
    const std::array<observability::MetricLabel, 1> labels{{{"namespace", name}}};
    return metrics
        .histogram("answer_seconds", "Time from a question to a namespace that is not in memory to its answer.",
                   kBoundsSeconds, labels)
        .value_or(nullptr);
}

}  // namespace

struct MeasuredNamespace::Series {
    observability::Metric* ok;
    observability::Metric* failed;
    observability::Metric* seconds;
};

/// One question until its answer. Who asks keeps its own callback in it.
struct MeasuredNamespace::Measurement {
    const Series& series;
    Asker asker;
    Clock::time_point begin;

    static void take(void* ctx, const sluice_store_answer* answer) noexcept {
        const std::unique_ptr<Measurement> whole(static_cast<Measurement*>(ctx));
        const Series& series = whole->series;
        observability::Metric* count = answer->outcome == SLUICE_STORE_FAILED ? series.failed : series.ok;
        if (count) count->add(1);
        if (series.seconds) series.seconds->set(std::chrono::duration<double>(Clock::now() - whole->begin).count());
        whole->asker.tell_here(*answer);
    }
};

MeasuredNamespace::MeasuredNamespace(std::unique_ptr<Namespace> measured, const std::string& name,
                                     observability::MetricSet& metrics)
    : series_(std::make_unique<Series>(
          Series{counter(metrics, name, "ok"), counter(metrics, name, "failed"), histogram(metrics, name)})),
      measured_(std::move(measured)) {}

MeasuredNamespace::~MeasuredNamespace() = default;

template <class Ask>
void MeasuredNamespace::measure(const Asker& asker, Ask ask) {
    // Its answer would be a loop's work for the count alone, and lost where the loop has stopped meanwhile.
    if (!asker.is_told()) return ask(asker);
    auto measurement = std::make_unique<Measurement>(Measurement{*series_, asker, Clock::now()});
    // The answer's from here on: it may come inside the call. A store that throws instead has kept nothing of it.
    Measurement* const asked = measurement.release();
    try {
        ask(asker.with_callback(&Measurement::take, asked));
    } catch (...) {
        delete asked;
        throw;
    }
}

void MeasuredNamespace::get(std::string_view key, const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->get(key, measuring); });
}

void MeasuredNamespace::put(std::string_view key, std::string_view value, Ttl ttl, const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->put(key, value, ttl, measuring); });
}

void MeasuredNamespace::remove(std::string_view key, const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->remove(key, measuring); });
}

void MeasuredNamespace::add(std::string_view key, std::int64_t delta, Ttl ttl, const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->add(key, delta, ttl, measuring); });
}

void MeasuredNamespace::compare_and_set(std::string_view key, std::optional<std::string_view> expected,
                                        std::string_view value, Ttl ttl, const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->compare_and_set(key, expected, value, ttl, measuring); });
}

void MeasuredNamespace::scan(std::string_view prefix, std::string_view cursor, std::size_t max_items,
                             const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->scan(prefix, cursor, max_items, measuring); });
}

void MeasuredNamespace::take(std::string_view key, const Quota& quota, const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->take(key, quota, measuring); });
}

void MeasuredNamespace::give_back(std::string_view key, std::int64_t amount, std::uint64_t ticket, const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->give_back(key, amount, ticket, measuring); });
}

void MeasuredNamespace::renew(std::string_view key, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
                              const Asker& asker) {
    measure(asker, [&](const Asker& measuring) { measured_->renew(key, amount, ticket, ttl_us, measuring); });
}

}  // namespace sluice::store
