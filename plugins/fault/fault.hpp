// The ways in which an upstream may fail.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sluice::fault {

enum class Fault {
    kNone,
    kStatus,        // an error answer
    kRefused,       // no connection
    kReset,         // the connection breaks before the head
    kHang,          // accepts and never answers
    kStall,         // silence after some tokens; after none: behind the head
    kCut,           // the connection breaks after some tokens
    kEarlyEnd,      // the transfer ends in order, but too early
    kNotJson,       // an event, or the body, is not JSON
    kErrorEvent,    // an error inside an answer of status 200
    kNoTerminator,  // all is there but the [DONE]
    kLeftOpen,      // as kNoTerminator, and the transfer does not end
    kEndless,       // token after token
    kLongLength     // the head announces more bytes than come
};

// The word for it in configurations, headers and metrics; in the order of the enumerators.
inline constexpr std::array<std::string_view, 14> kFaultNames = {
    "none",      "status",   "refused",     "reset",         "hang",      "stall",   "cut",
    "early_end", "not_json", "error_event", "no_terminator", "left_open", "endless", "long_length"};

constexpr std::size_t index_of(Fault fault) { return static_cast<std::size_t>(fault); }
constexpr std::string_view name_of(Fault fault) { return kFaultNames[index_of(fault)]; }

// Whether it comes behind a number of tokens.
constexpr bool comes_after_tokens(Fault fault) {
    return fault == Fault::kStall || fault == Fault::kCut || fault == Fault::kEarlyEnd || fault == Fault::kNotJson ||
           fault == Fault::kErrorEvent;
}

}  // namespace sluice::fault
