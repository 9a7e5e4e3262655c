#pragma once

#include <sluice/ext/metrics.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "isolation/payload.hpp"
#include "plugin/host_interfaces.hpp"

namespace sluice::isolation {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };
enum class MetricChange : std::uint8_t { kAdd, kSet };

/// The metrics of a plugin process. What changes is summed up here and goes to the gateway, whose page shows it, a few
/// times a second; what was not sent yet when the process dies is lost. One in a process. [any-thread]
class ProcessMetrics {
public:
    /// `on_change` is called when there is something to send, and not again before it was taken.
    explicit ProcessMetrics(std::function<void()> on_change);
    ~ProcessMetrics();
    ProcessMetrics(const ProcessMetrics&) = delete;
    ProcessMetrics& operator=(const ProcessMetrics&) = delete;

    /// Offers the table in the place of the host's own. [main-thread]
    void offer(plugin::HostInterfaces& interfaces);

    /// What is to be sent: definitions of new series, each the payload of a kMetric frame, and the changes since the
    /// last time, the payload of one kMetricValue frame (empty where there are none).
    struct Batch {
        std::vector<std::string> definitions;
        std::string changes;
    };
    Batch take();

    // Of the table.
    sluice_metric* metric(MetricType type, sluice_str name, sluice_str help, const sluice_label* labels,
                          std::size_t label_count, const double* bounds, std::size_t bound_count);
    void change(sluice_metric* metric, MetricChange change, double value);

private:
    struct Series;
    void mark_locked(Series& series);

    const std::function<void()> on_change_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Series>, std::less<>> series_;  ///< by definition without the number
    std::vector<Series*> changed_;
    std::vector<std::string> definitions_;
    bool is_told_ = false;
};

}  // namespace sluice::isolation
