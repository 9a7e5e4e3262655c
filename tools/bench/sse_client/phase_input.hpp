#pragma once

#include <optional>
#include <string>

namespace sluice::bench {

/// Names of phases on standard input, one a line: what is measured from then on belongs to another phase, or to one
/// that goes on. Its end is the end of the load. [one thread]
class PhaseInput {
public:
    PhaseInput();

    /// The next name that has come in; nothing while there is none. To be asked until it has nothing.
    std::optional<std::string> next();
    bool is_over() const { return is_over_; }

private:
    void read();

    std::string text_;
    bool is_over_ = false;
};

}  // namespace sluice::bench
