#pragma once

#include <sluice/ext/loop.h>

#include "net/event_loop.hpp"
#include "net/loop_group.hpp"

namespace sluice::net {

/// The table of sluice.host.loop/1 over `loops`, of which there is one group in a process: it must outlive every
/// plugin instance. [main-thread]
const sluice_host_loop* loop_interface(LoopGroup& loops) noexcept;

/// A loop as plugins name it.
inline sluice_loop* as_plugin_loop(EventLoop& loop) noexcept { return reinterpret_cast<sluice_loop*>(&loop); }

}  // namespace sluice::net
