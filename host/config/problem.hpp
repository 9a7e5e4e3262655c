#pragma once

#include <string>
#include <vector>

namespace sluice::config {

/// One thing that is wrong with a configuration. `path` names the key (`routes[2].backend`), and is empty when the
/// document as a whole is meant. Never holds the value of a secret key.
struct Problem {
    std::string path;
    std::string message;

    /// `path: message`, or the message alone without a path.
    std::string text() const;

    bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

}  // namespace sluice::config
