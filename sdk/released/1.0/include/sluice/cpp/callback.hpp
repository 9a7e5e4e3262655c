// Member functions as the callbacks of the ABI, without an allocation.
#pragma once

#include "sluice/abi.h"

#include <type_traits>

namespace sluice {
inline namespace v1 {

// The ABI's callback that calls `(static_cast<Owner*>(ctx)->*kMethod)(arguments...)`.
//
// Exceptions do not cross the ABI: kMethod is noexcept, or Owner has `void callback_failed() noexcept`, which is called
// while the exception is being handled (there Call::fail_with_current_exception() is of use). A method that may throw
// must not have destroyed its object by then.
template <auto kMethod, class Owner, class... Arguments>
void run_method(void* ctx, Arguments... arguments) noexcept {
    Owner& owner = *static_cast<Owner*>(ctx);
    if constexpr (std::is_nothrow_invocable_v<decltype(kMethod), Owner&, Arguments...>) {
        (owner.*kMethod)(arguments...);
    } else {
        try {
            (owner.*kMethod)(arguments...);
        } catch (...) {
            static_assert(noexcept(owner.callback_failed()), "callback_failed() must be noexcept");
            owner.callback_failed();
        }
    }
}

}  // namespace v1
}  // namespace sluice
