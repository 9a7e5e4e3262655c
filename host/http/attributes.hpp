#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

/// Facts about one exchange that its middleware, its backend and the log share: "key.id", "session.id". One thread at a
/// time.
class Attributes {
public:
    static constexpr std::size_t kMaxCount = 16;
    static constexpr std::size_t kMaxBytes = 256;  ///< of a name, and of a value

    /// False, with nothing changed, beyond the limits.
    bool set(std::string_view name, std::string_view value);
    /// Empty where it is not set; valid until the next change.
    std::string_view find(std::string_view name) const noexcept;
    void clear() { values_.clear(); }

private:
    std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace sluice::http
