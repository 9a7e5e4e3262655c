#pragma once

#include <cstdint>

namespace sluice::isolation {

/// The functions of sluice.host.store/1, as they stand in a kStoreAsk frame:
/// {u32 namespace, u8 question, u8 is told, its arguments in the order of the function}.
enum class StoreQuestion : std::uint8_t { kGet, kPut, kRemove, kAdd, kCompareAndSet, kScan, kTake, kGiveBack, kRenew };

}  // namespace sluice::isolation
