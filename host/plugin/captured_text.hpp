#pragma once

#include "plugin/table_checks.hpp"
#include "sluice/abi.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace sluice::plugin {

/// A sink of the ABI that keeps what a plugin says, up to kMaxBytes.
class CapturedText {
public:
    static constexpr std::size_t kMaxBytes = 4096;

    /// Valid as long as this object.
    sluice_text_sink sink() noexcept { return {this, &CapturedText::put}; }
    const std::string& text() const noexcept { return text_; }

private:
    static void put(void* ctx, sluice_str text) noexcept {
        std::string& kept = static_cast<CapturedText*>(ctx)->text_;
        try {
            kept.append(view_of(text).substr(0, kMaxBytes - std::min(kMaxBytes, kept.size())));
        } catch (...) {
            // Out of memory: the message stays as short as it is.
        }
    }

    std::string text_;
};

}  // namespace sluice::plugin
