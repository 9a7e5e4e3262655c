// Any bytes at all are read or refused; nothing is read outside of them.
#include "plugin/elf_inspector.hpp"

#include "plugin/unload_hindrance.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const sluice::plugin::MemoryBytes bytes(std::as_bytes(std::span(data, size)));
    const auto manifest = sluice::plugin::inspect_elf(bytes);
    if (manifest && (manifest->name.empty() || manifest->kinds == 0)) {
        std::abort();
    }
    if (!manifest && manifest.error().empty()) {
        std::abort();
    }
    if (manifest &&
        std::any_of(manifest->needs.begin(), manifest->needs.end(), [](const std::string& id) { return id.empty(); })) {
        std::abort();
    }
    for (const std::string& hindrance : sluice::plugin::find_unload_hindrances(bytes)) {
        if (hindrance.empty()) {
            std::abort();
        }
    }
    return 0;
}
