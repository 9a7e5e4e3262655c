#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "http/ascii_case.hpp"

namespace sluice::http {

/// True for the headers whose values may be secret, by their names: they are shown as `***`. [any-thread]
inline bool may_be_secret(std::string_view header_name) noexcept {
    constexpr std::array<std::string_view, 7> kParts{"authorization", "cookie",   "key",       "token",
                                                     "secret",        "password", "credential"};
    return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
        for (std::size_t at = 0; at + part.size() <= header_name.size(); ++at) {
            if (equals_ignoring_case(header_name.substr(at, part.size()), part)) return true;
        }
        return false;
    });
}

}  // namespace sluice::http
