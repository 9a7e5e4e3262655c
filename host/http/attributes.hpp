#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Facts about one exchange that its middleware, its backend and the log share: "key.id", "session.id". One thread at a
/// time.
class Attributes {
public:
    static constexpr std::size_t kMaxCount = 16;
    static constexpr std::size_t kMaxNameBytes = 256;
    static constexpr std::size_t kMaxValueBytes = 1024;

    /// False, with nothing changed, beyond the limits.
    bool set(std::string_view name, std::string_view value);
    /// Empty where it is not set; valid until the next change.
    std::string_view find(std::string_view name) const noexcept;
    /// Keeps the memory: the next exchange sets the same ones.
    void clear() noexcept { count_ = 0; }

private:
    struct Entry {
        std::string name;
        std::string value;
    };
    std::span<Entry> live() noexcept { return std::span(entries_).first(count_); }

    std::vector<Entry> entries_;
    std::size_t count_ = 0;  ///< of those in use
};

}  // namespace sluice::http
