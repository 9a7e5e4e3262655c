#include "metrics.hpp"

#include <iterator>
#include <string_view>

#include "abi_text.hpp"

namespace sluice::openai {
namespace {

constexpr std::string_view kOutcomeNames[] = {"success", "upstream_error", "failure", "cancelled", "refused"};
constexpr std::string_view kKeyStateNames[] = {"usable", "resting", "retired"};
constexpr double kFirstByteBounds[] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

}  // namespace

Metrics::Metrics(const HostServices& services) : api_(services.metrics) {
    static_assert(std::size(kOutcomeNames) == kOutcomeCount);
    static_assert(std::size(kKeyStateNames) == kKeyStateCount);
    if (api_ == nullptr) return;
    const sluice_host* const host = services.host;
    const auto counter = [&](std::string_view name, std::string_view help, const sluice_label* label) {
        return api_->counter(host, to_abi(name), to_abi(help), label, label == nullptr ? 0 : 1);
    };
    opened_ = counter("connections_opened_total", "Connections opened to the upstream.", nullptr);
    reused_ = counter("connections_reused_total", "Requests sent on a connection that was open already.", nullptr);
    open_ =
        api_->gauge(host, to_abi("connections_open"), to_abi("Connections to the upstream that are open."), nullptr, 0);
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
        const sluice_label label{to_abi("outcome"), to_abi(kOutcomeNames[i])};
        outcomes_[i] = counter("requests_total", "Requests by what became of them.", &label);
    }
    for (std::size_t i = 0; i < kKeyStateCount; ++i) {
        const sluice_label label{to_abi("state"), to_abi(kKeyStateNames[i])};
        keys_[i] =
            api_->gauge(host, to_abi("keys"), to_abi("Keys for the upstream by whether they are used."), &label, 1);
    }
    first_byte_ = api_->histogram(host, to_abi("first_byte_seconds"),
                                  to_abi("Time from the request to the head of the upstream's answer."), nullptr, 0,
                                  kFirstByteBounds, std::size(kFirstByteBounds));
}

}  // namespace sluice::openai
