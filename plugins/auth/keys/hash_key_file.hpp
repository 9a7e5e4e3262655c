// A hash key of the gateway's own, for those who have not configured one.
#pragma once

#include <string>

namespace sluice::auth {

// The key in `folder`/hash_key, which is made, with mode 0600, where it is missing. Throws Error with the reason if it
// cannot be read or made, or is not what was made.
std::string hash_key_of_folder(const std::string& folder);

// The same for an instance that is only tried: a key that is not there is made up, and not kept.
std::string hash_key_for_now(const std::string& folder);

}  // namespace sluice::auth
