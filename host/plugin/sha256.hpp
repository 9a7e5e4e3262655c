#pragma once

#include "plugin/byte_source.hpp"
#include "result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace sluice::plugin {

/// The SHA-256 of bytes that come in pieces. Throws std::bad_alloc if the library has no memory.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void update(std::span<const std::byte> bytes);

    /// 64 hexadecimal digits; ends the calculation.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The SHA-256 of all there is; fails where it cannot be read. Throws as Sha256.
Result<std::string> sha256_of(const ByteSource& bytes);

}  // namespace sluice::plugin
