#pragma once

#include "plugin/host_interfaces.hpp"

namespace sluice::app {

/// What a gateway of this program offers, for looking at plugin files without one. The tables are not to be called.
const plugin::HostInterfaces& offered_interfaces();

}  // namespace sluice::app
