#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace sluice::conformance {

/// What this process holds that a plugin could leave behind.
struct Remains {
    std::size_t threads = 0;
    std::map<int, std::string> descriptors;  ///< number -> what it is, as /proc says
    std::set<int> children;

    static Remains now();
};

/// "left 1 thread running, expected none" and so on for what there is now beyond `before`; empty for nothing. What is
/// about to end is waited for, a second at most.
std::string left_behind(const Remains& before);

/// "started process 123", "opened socket:[1]": what there is now of processes and sockets beyond `before`.
std::string started_since(const Remains& before);

}  // namespace sluice::conformance
