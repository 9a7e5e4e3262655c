// Whether the time of a refusal tells how much of a wrong key is right.
#pragma once

namespace sluice::bench {

/// Prints how long 100,000 refusals each take of a key that begins like a real one and of a key that does not.
void time_refusals();

}  // namespace sluice::bench
