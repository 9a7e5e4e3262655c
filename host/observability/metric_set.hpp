#pragma once

#include "result.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice::observability {

class Metrics;

/// One series of the Prometheus page. Adding and setting is safe from every thread and takes about 20 ns.
class Metric {
public:
    virtual ~Metric() = default;
    Metric(const Metric&) = delete;
    Metric& operator=(const Metric&) = delete;

    /// Adds to a counter (a negative or non-finite value is ignored) or to a gauge. Does nothing for a histogram.
    virtual void add(double value) noexcept = 0;
    /// Sets a gauge, or observes a value in a histogram. Does nothing for a counter.
    virtual void set(double value) noexcept = 0;

protected:
    Metric() = default;
};

struct MetricLabel {
    std::string_view name;
    std::string_view value;
};

/// The series of one owner. They leave the page when the last set that asked for them is destroyed, so that an
/// instance and its successor after a reload count on in the same series. Safe from every thread.
class MetricSet {
public:
    static constexpr std::size_t kMaxSeries = 1000;  ///< a histogram counts once for each bucket, sum and count
    static constexpr std::size_t kMaxLabels = 8;
    static constexpr std::size_t kMaxBounds = 64;
    static constexpr std::size_t kMaxNameBytes = 128;   ///< of a whole metric name, and of a label's name
    static constexpr std::size_t kMaxValueBytes = 128;  ///< of a label's value

    /// Names are completed to `<prefix>_<name>`; a '-' in the prefix becomes '_'. With a non-empty `instance` every
    /// series has the label `instance`. `metrics` must outlive the set.
    MetricSet(Metrics& metrics, std::string_view prefix, std::string_view instance = {});
    ~MetricSet();
    MetricSet(const MetricSet&) = delete;
    MetricSet& operator=(const MetricSet&) = delete;

    /// The series of this name and these labels, made if it is new; asking twice gives the same one. It lives as long
    /// as the set. Fails, with the reason, if a name or label does not fit Prometheus' rules, the name is in use for
    /// another type or by the host, or a limit above is reached.
    Result<Metric*> counter(std::string_view name, std::string_view help, std::span<const MetricLabel> labels = {});
    Result<Metric*> gauge(std::string_view name, std::string_view help, std::span<const MetricLabel> labels = {});
    /// `bounds` are the upper bounds of the buckets: finite and ascending. A series that exists keeps its bounds.
    Result<Metric*> histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                              std::span<const MetricLabel> labels = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::observability
