// Any bytes at all are read or refused; nothing is read outside of them.
#include "plugin/elf_inspector.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const sluice::plugin::MemoryBytes bytes(std::as_bytes(std::span(data, size)));
    const auto manifest = sluice::plugin::inspect_elf(bytes);
    if (manifest && (manifest->name.empty() || manifest->kinds == 0)) {
        std::abort();
    }
    if (!manifest && manifest.error().empty()) {
        std::abort();
    }
    return 0;
}
