#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sluice::plugin {

/// Bytes that can be read at any offset: a file, or memory.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    virtual std::uint64_t size() const = 0;
    /// Fills `into` from `offset`; false if that many bytes are not there or cannot be read.
    virtual bool read(std::uint64_t offset, std::span<std::byte> into) const = 0;
};

/// The bytes of an open descriptor, read with pread. Does not own it.
class DescriptorBytes final : public ByteSource {
public:
    DescriptorBytes(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}
    std::uint64_t size() const override { return size_; }
    bool read(std::uint64_t offset, std::span<std::byte> into) const override;

private:
    int descriptor_;
    std::uint64_t size_;
};

/// Bytes in memory, borrowed.
class MemoryBytes final : public ByteSource {
public:
    explicit MemoryBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
    std::uint64_t size() const override { return bytes_.size(); }
    bool read(std::uint64_t offset, std::span<std::byte> into) const override {
        if (offset > bytes_.size() || into.size() > bytes_.size() - offset) {
            return false;
        }
        if (!into.empty()) {
            std::memcpy(into.data(), bytes_.data() + offset, into.size());
        }
        return true;
    }

private:
    std::span<const std::byte> bytes_;
};

}  // namespace sluice::plugin
