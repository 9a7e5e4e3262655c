#pragma once

#include <string_view>

#include "net/server_context.hpp"
#include "net/timer_wheel.hpp"
#include "plugin/conduct.hpp"

namespace sluice::net {

/// The time a plugin has to let go of a request that was cancelled. [loop-thread]
class CancelPatience : public Timer {
public:
    /// `request_id` is borrowed as long as the timer is set.
    void begin(LoopContext& context, const plugin::Conduct& owing, std::string_view request_id);

protected:
    /// Says in the log who has not let go.
    void report(const plugin::Conduct& owing) const;

private:
    std::string_view request_id_;
};

}  // namespace sluice::net
