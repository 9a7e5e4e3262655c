#pragma once

#include <cstddef>

namespace sluice::isolation {

/// Bytes of one answer that may be under way between plugin process and client. Beyond it the plugin is told
/// SLUICE_FULL and goes on when the gateway has given credit for what the client's queue took.
inline constexpr std::size_t kCreditWindowBytes = 64 * 1024;
/// A plugin that ignores that ends its call here; a process that lets it is ended.
inline constexpr std::size_t kMaxUncreditedBytes = 2 * kCreditWindowBytes;
/// Credit is given in no smaller pieces.
inline constexpr std::size_t kCreditStepBytes = kCreditWindowBytes / 4;

}  // namespace sluice::isolation
