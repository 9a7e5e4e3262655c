#include "store_health.hpp"

#include <string>

namespace sluice::ratelimit {

StoreHealth::StoreHealth(Host host, bool refuses_when_failing)
    : log_(host.log()),
      failures_(host.metrics().counter("store_failures_total", "Questions the store did not answer.")),
      refuses_(refuses_when_failing) {}

void StoreHealth::failed(std::string_view reason) noexcept {
    failures_.add();
    if (is_failing_.exchange(true)) return;
    try {
        log_.warn("the store fails; requests are " + std::string(refuses_ ? "refused" : "let through uncounted") +
                  " until it works again: " + std::string(reason));
    } catch (...) {
        log_.warn("the store fails");
    }
}

void StoreHealth::recovered() noexcept {
    if (is_failing_.exchange(false)) log_.info("the store works again: requests are counted");
}

}  // namespace sluice::ratelimit
