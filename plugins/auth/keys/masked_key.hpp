// A key as logs, lists and metrics may show it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::auth {

// "sk-slc-...wXyZ": where it comes from and its last four characters; "***" for keys of less than 20 characters.
std::string masked(std::string_view key);

// The same for something that was sent and is not known: "***" unless it begins like a key, as it may be a password.
std::string masked_if_key(std::string_view sent);

}  // namespace sluice::auth
