// Giving up what only one instance can have, for the length of a reload.
#pragma once

#include "sluice/cpp/instance.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/quiesce.h"

#include <exception>
#include <type_traits>

namespace sluice {
inline namespace v1 {

// A backend or middleware class that owns a port, a lock or a device has
//
//     void quiesce();   // gives it up: the next instance is about to be made
//     void resume();    // takes it again: there will be no next instance
//
// What they throw is the reason the reload names.
template <class Class, class = void>
struct HasQuiesce : std::false_type {};
template <class Class>
struct HasQuiesce<Class, std::void_t<decltype(&Class::quiesce), decltype(&Class::resume)>> : std::true_type {};

// What is behind both entries of the table. `Holder` is the Instance of the class.
template <class Holder, auto kMember>
sluice_status quiesce_step_of(void* instance, sluice_text_sink errors) noexcept {
    try {
        (static_cast<Holder*>(instance)->object.*kMember)();
        return SLUICE_OK;
    } catch (const std::exception& exception) {
        errors.put(errors.ctx, to_str(exception.what()));
    } catch (...) {
        errors.put(errors.ctx, to_str("threw an exception that is not a std::exception"));
    }
    return SLUICE_E_INTERNAL;
}

// The table of a class that can let go; an empty one for others.
template <class Class>
constexpr sluice_quiesce_api quiesce_table() noexcept {
    sluice_quiesce_api table{};
    if constexpr (HasQuiesce<Class>::value) {
        table.struct_size = sizeof(table);
        table.quiesce = &quiesce_step_of<Instance<Class>, &Class::quiesce>;
        table.resume = &quiesce_step_of<Instance<Class>, &Class::resume>;
    }
    return table;
}

}  // namespace v1
}  // namespace sluice
