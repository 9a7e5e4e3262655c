// The buffer all reads of a loop go through, with readable bytes before and behind them.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <memory>
#include <span>

namespace sluice::openai {

class ReceiveBuffer {
public:
    static constexpr std::size_t kCapacityBytes = 256u << 10;
    // In front of a read: room to put back what was held back of the one before.
    static constexpr std::size_t kHeadroomBytes = 8192;

    // Pages that are never received into are never touched: an idle instance pays address space only.
    ReceiveBuffer() : bytes_(new char[kHeadroomBytes + kCapacityBytes + simdjson::SIMDJSON_PADDING]) {}

    std::span<char> space() noexcept { return {bytes_.get() + kHeadroomBytes, kCapacityBytes}; }
    // For bytes nobody wants; the end of the buffer, so that what lies at its beginning stays as it is.
    std::span<char> drain_space() noexcept { return space().last(16u << 10); }

private:
    std::unique_ptr<char[]> bytes_;
};

}  // namespace sluice::openai
