#pragma once

#include <sluice/abi.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "http/attributes.hpp"
#include "isolation/payload.hpp"

namespace sluice::isolation {

/// The attributes of an exchange that a plugin process knows: those of sluice_exchange_api. The ABI looks attributes up
/// by name and lists none, so names that plugins agree on among themselves do not get here.
inline constexpr std::array<std::string_view, 5> kSharedAttributes{"key.id", "key.masked", "key.limits",
                                                                   "models.visible", "session.id"};

/// Writes those that are set; `value_of(name)` gives a sluice_str, empty where it is not set.
template <class ValueOf>
void put_attributes(PayloadWriter& out, ValueOf value_of) {
    std::uint8_t count = 0;
    for (const std::string_view name : kSharedAttributes) count += value_of(name).len > 0 ? 1 : 0;
    out.put(count);
    for (const std::string_view name : kSharedAttributes) {
        if (const sluice_str value = value_of(name); value.len > 0) out.put(name).put(value);
    }
}

inline void read_attributes(PayloadReader& in, http::Attributes& into) {
    for (auto left = in.get<std::uint8_t>(); left > 0 && in.is_good(); --left) {
        const std::string_view name = in.text();
        into.set(name, in.text());
    }
}

}  // namespace sluice::isolation
