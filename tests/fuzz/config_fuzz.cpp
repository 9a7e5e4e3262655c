// Any text given as a configuration is either accepted or refused with problems; nothing is thrown and nothing crashes.
#include "config/loader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto result = sluice::config::load_text(text, sluice::config::Environment());
    if (result.config.has_value() != result.problems.empty()) std::abort();
    for (const sluice::config::Problem& problem : result.problems) {
        if (problem.message.empty()) std::abort();
    }
    return 0;
}
