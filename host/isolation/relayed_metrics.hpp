#pragma once

#include <sluice/ext/metrics.h>

#include <cstdint>
#include <unordered_map>

#include "isolation/frame.hpp"

namespace sluice::isolation {

/// In the gateway: puts the metrics of a plugin process on the gateway's page, in the name of the instance.
/// [loop-thread]
class RelayedMetrics {
public:
    /// `host` is the instance's; one without metrics is fine.
    explicit RelayedMetrics(const sluice_host* host);

    /// A kMetric or kMetricValue frame; false where it is malformed.
    bool take(const Frame& frame);
    /// The process is gone: what it had in hand, as gauges say, is not there any more.
    void forget_process();

private:
    struct Series {
        sluice_metric* metric = nullptr;
        bool is_gauge = false;
    };
    bool define(std::string_view payload);
    bool change(std::string_view payload);

    const sluice_host* host_;
    const sluice_host_metrics* table_;
    std::unordered_map<std::uint32_t, Series> series_;  ///< by the process's number
};

}  // namespace sluice::isolation
