// The parameters a client is told were not passed on.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sluice::claude_code {

// Collects names for the value of a header: each once, in the order they came, comma separated. Names are the client's:
// what may not stand in a token (RFC 9110, 5.6.2) becomes _, and what would make the value too long is left out.
class IgnoredParams {
public:
    void add(std::string_view name);
    // Leaves the object empty.
    std::string take() noexcept { return std::move(names_); }

private:
    bool has(std::string_view name) const noexcept;

    std::string names_;
};

}  // namespace sluice::claude_code
