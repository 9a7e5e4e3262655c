// A loop whose thread is always the caller's: what is at hand is answered inside the call.
#pragma once

#include "sluice/ext/loop.h"

#include <cstddef>
#include <cstdint>

namespace sluice::plugin {

inline const sluice_host_loop& current_loop_table() {
    static const sluice_host_loop table = [] {
        sluice_host_loop made{};
        made.struct_size = sizeof made;
        made.count = [](const sluice_host*) noexcept -> std::size_t { return 1; };
        made.at = [](const sluice_host*, std::size_t) noexcept { return static_cast<sluice_loop*>(nullptr); };
        made.is_current = [](const sluice_loop*) noexcept -> std::int32_t { return 1; };
        made.post = [](sluice_loop*, sluice_callback_fn fn, void* ctx) noexcept -> sluice_status {
            fn(ctx);
            return SLUICE_OK;
        };
        return made;
    }();
    return table;
}

}  // namespace sluice::plugin
