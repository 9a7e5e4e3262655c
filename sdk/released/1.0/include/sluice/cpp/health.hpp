// How a backend is.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/backend.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice {
inline namespace v1 {

// The answer to one health check: ok(), degraded() or down(), after which the object is empty. A report that is
// destroyed before that counts as down. Belongs to the thread that calls do.
class HealthReport {
public:
    HealthReport(sluice_health* health, const sluice_health_api* api) noexcept : health_(health), api_(api) {}
    HealthReport(HealthReport&& other) noexcept : health_(std::exchange(other.health_, nullptr)), api_(other.api_) {}
    HealthReport& operator=(HealthReport&& other) noexcept {
        if (this != &other) {
            abandon();
            health_ = std::exchange(other.health_, nullptr);
            api_ = other.api_;
        }
        return *this;
    }
    ~HealthReport() { abandon(); }

    explicit operator bool() const noexcept { return health_ != nullptr; }
    // For Loops::of(); null for a synchronous backend.
    sluice_loop* loop() const noexcept { return api_->loop(health_); }

    // A further entry among the checks of /health; `json` is one JSON value.
    void add_check(std::string_view name, std::string_view json) noexcept {
        if (health_ != nullptr) {
            api_->check(health_, to_str(name), to_str(json));
        }
    }
    // `word` is shown for the instance.
    void ok(std::string_view word = "ok") noexcept { done(SLUICE_HEALTH_OK, word); }
    void degraded(std::string_view word) noexcept { done(SLUICE_HEALTH_DEGRADED, word); }
    void down(std::string_view word) noexcept { done(SLUICE_HEALTH_DOWN, word); }

private:
    void done(sluice_health_state state, std::string_view word) noexcept {
        if (sluice_health* health = std::exchange(health_, nullptr)) {
            api_->done(health, static_cast<std::int32_t>(state), to_str(word));
        }
    }
    void abandon() noexcept { down("error"); }

    sluice_health* health_;
    const sluice_health_api* api_;
};

}  // namespace v1
}  // namespace sluice
