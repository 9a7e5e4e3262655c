#include "routing/target_metrics.hpp"

namespace sluice::routing {

using observability::MetricLabel;

TargetMetrics::TargetMetrics(observability::Metrics& metrics, std::string_view target) : set_(metrics, "sluice") {
    target = target.substr(0, observability::MetricSet::kMaxValueBytes);
    for (std::size_t outcome = 0; outcome < attempts_.size(); ++outcome) {
        const std::string_view word = outcome == kSucceeded   ? "ok"
                                      : outcome == kCancelled ? "cancelled"
                                                              : name_of(static_cast<FailureKind>(outcome));
        const MetricLabel labels[] = {{"target", target}, {"outcome", word}};
        const auto series =
            set_.counter("target_attempts_total", "Attempts of routes with a policy at a target.", labels);
        if (series) attempts_[outcome] = *series;
    }
    const MetricLabel label[] = {{"target", target}};
    const auto circuit = set_.gauge("target_circuit_open", "1 while a target is left alone or on trial.", label);
    if (circuit) circuit_ = *circuit;
}

void TargetMetrics::add(std::size_t outcome) noexcept {
    if (attempts_[outcome]) attempts_[outcome]->add(1);
}

void TargetMetrics::set_circuit(bool is_open) noexcept {
    if (circuit_) circuit_->set(is_open ? 1 : 0);
}

}  // namespace sluice::routing
