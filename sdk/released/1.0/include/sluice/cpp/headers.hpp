// The header fields of a request or a response.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/message.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice {
inline namespace v1 {

// True if both are the same but for the case of ASCII letters, as header names are compared (RFC 9110, 5.1).
constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
    if (left.size() != right.size()) {
        return false;
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
        const char a = left[i] >= 'A' && left[i] <= 'Z' ? static_cast<char>(left[i] + ('a' - 'A')) : left[i];
        const char b = right[i] >= 'A' && right[i] <= 'Z' ? static_cast<char>(right[i] + ('a' - 'A')) : right[i];
        if (a != b) {
            return false;
        }
    }
    return true;
}

// A view of header fields in the order of the message; valid as long as the message.
class Headers {
public:
    Headers(const sluice_header* first, std::size_t count) noexcept : first_(first), count_(count) {}

    const sluice_header* begin() const noexcept { return first_; }
    const sluice_header* end() const noexcept { return first_ + count_; }
    std::size_t size() const noexcept { return count_; }

    // The value of the first field of this name.
    std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const sluice_header& header : *this) {
            if (equals_ignoring_case(to_view(header.name), name)) {
                return to_view(header.value);
            }
        }
        return std::nullopt;
    }

private:
    const sluice_header* first_;
    std::size_t count_;
};

}  // namespace v1
}  // namespace sluice
