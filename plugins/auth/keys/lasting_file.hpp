// A file that is made once and stays.
#pragma once

#include <string>
#include <string_view>

namespace sluice::auth {

// Makes the file `path`, with mode 0600, unless there is one. Whoever finds its name finds it whole, and of several
// gateways that do so at once the first wins. It is on the disk when this returns: it waits for that. Throws Error with
// the reason.
void make_lasting_file(const std::string& path, std::string_view text);

}  // namespace sluice::auth
