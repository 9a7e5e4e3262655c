#pragma once

#include "plugin/table_checks.hpp"
#include "sluice/abi.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace sluice::plugin {

/// A sink of the ABI that keeps what a plugin says, up to a number of bytes.
class CapturedText {
public:
    static constexpr std::size_t kMaxBytes = 4096;  ///< where nothing else is said

    explicit CapturedText(std::size_t max_bytes = kMaxBytes) noexcept : max_bytes_(max_bytes) {}

    /// Valid as long as this object.
    sluice_text_sink sink() noexcept { return {this, &CapturedText::put}; }
    const std::string& text() const noexcept { return text_; }

private:
    static void put(void* ctx, sluice_str text) noexcept {
        auto& captured = *static_cast<CapturedText*>(ctx);
        std::string& kept = captured.text_;
        try {
            kept.append(view_of(text).substr(0, captured.max_bytes_ - std::min(captured.max_bytes_, kept.size())));
        } catch (...) {
            // Out of memory: the message stays as short as it is.
        }
    }

    const std::size_t max_bytes_;
    std::string text_;
};

}  // namespace sluice::plugin
