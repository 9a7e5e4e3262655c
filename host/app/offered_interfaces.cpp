#include "app/offered_interfaces.hpp"

#include <sluice/ext/loop.h>

namespace sluice::app {

const plugin::HostInterfaces& offered_interfaces() {
    static const sluice_host_loop without_loops{};
    static const plugin::HostInterfaces interfaces = [] {
        plugin::HostInterfaces offered;
        offered.offer(SLUICE_HOST_LOOP_ID, &without_loops);
        return offered;
    }();
    return interfaces;
}

}  // namespace sluice::app
