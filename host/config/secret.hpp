#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace sluice::config {

/// A value that must not be shown: streams print `***`, only reveal() gives the text.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    /// The text itself, owned by this object.
    const std::string& reveal() const { return value_; }

    bool operator==(const Secret&) const = default;

private:
    std::string value_;
};

inline std::ostream& operator<<(std::ostream& stream, const Secret&) { return stream << "***"; }

}  // namespace sluice::config
