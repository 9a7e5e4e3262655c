#include "wire/time_stamp.hpp"

#include <cstring>

#include "wire/decimal_number.hpp"

namespace sluice::bench {

void write_stamp(char* target, std::chrono::nanoseconds time) {
    auto rest = static_cast<unsigned long long>(time.count());
    for (std::size_t position = kBlankStamp.size() - 1; position > 0; position--) {
        target[position] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    }
    target[0] = kBlankStamp[0];
}

std::optional<std::chrono::nanoseconds> find_stamp(std::string_view event) {
    constexpr std::string_view kStart = "\"T";
    constexpr std::size_t kDigits = kBlankStamp.size() - 1;
    // memmem, not find: this runs for every event, and find stops at each of the many quotes.
    while (const void* found = memmem(event.data(), event.size(), kStart.data(), kStart.size())) {
        event.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - event.data()) + kStart.size());
        const auto value = parse_decimal(event.substr(0, kDigits));
        if (value && event.size() >= kDigits) return std::chrono::nanoseconds(*value);
    }
    return std::nullopt;
}

}  // namespace sluice::bench
