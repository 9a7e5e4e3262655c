#pragma once

#include <sluice/ext/backend.h>

#include <memory>

#include "isolation/errand.hpp"
#include "isolation/loop_link.hpp"

namespace sluice::isolation {

/// In the gateway: the question for a plugin process's models. [loop-thread]
class RelayedModels final : public Errand, public std::enable_shared_from_this<RelayedModels> {
public:
    RelayedModels(LoopLink& link, sluice_models* models, const sluice_models_api& api)
        : link_(link), models_(models), api_(api) {}

    // Errand
    void begin(const std::shared_ptr<Channel>& channel) override { channel->send(FrameKind::kModels, id()); }
    void on_frame(const Frame& frame) override;
    void on_loss(const Loss& loss) override;

private:
    LoopLink& link_;
    sluice_models* models_;
    const sluice_models_api& api_;
};

/// In the gateway: the question for a plugin process's health. [loop-thread]
class RelayedHealth final : public Errand, public std::enable_shared_from_this<RelayedHealth> {
public:
    RelayedHealth(LoopLink& link, sluice_health* health, const sluice_health_api& api)
        : link_(link), health_(health), api_(api) {}

    // Errand
    void begin(const std::shared_ptr<Channel>& channel) override { channel->send(FrameKind::kHealth, id()); }
    void on_frame(const Frame& frame) override;
    void on_loss(const Loss& loss) override;

private:
    LoopLink& link_;
    sluice_health* health_;
    const sluice_health_api& api_;
};

}  // namespace sluice::isolation
