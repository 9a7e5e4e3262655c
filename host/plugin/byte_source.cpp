#include "plugin/byte_source.hpp"

#include <cerrno>

#include <unistd.h>

namespace sluice::plugin {

bool DescriptorBytes::read(std::uint64_t offset, std::span<std::byte> into) const {
    if (offset > size_ || into.size() > size_ - offset) {
        return false;
    }
    while (!into.empty()) {
        const ssize_t count = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        into = into.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return true;
}

}  // namespace sluice::plugin
