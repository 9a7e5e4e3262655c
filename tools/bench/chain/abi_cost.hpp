// What the way into a plugin and back costs.
#pragma once

namespace sluice::bench {

/// Prints nanoseconds per chunk and middleware, and per call, beside what others publish of theirs.
void measure_abi_cost();

}  // namespace sluice::bench
