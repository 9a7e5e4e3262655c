#include "net/cancel_patience.hpp"

#include <chrono>
#include <cstdint>

#include "observability/log.hpp"

namespace sluice::net {

void CancelPatience::begin(LoopContext& context, const plugin::Conduct& owing, std::string_view request_id) {
    request_id_ = request_id;
    const auto limit = std::chrono::nanoseconds(owing.limits().cancel());
    context.loop.timers().set(*this, context.loop.now_ns() + static_cast<std::uint64_t>(limit.count()));
}

void CancelPatience::report(const plugin::Conduct& owing) const {
    observability::log(observability::LogLevel::kWarn, "plugin_cancel_ignored",
                       "a plugin has not let go of a cancelled request",
                       {{"plugin", owing.plugin()},
                        {"instance", owing.instance()},
                        {"request_id", request_id_},
                        {"ms", owing.limits().cancel().count()}});
}

}  // namespace sluice::net
