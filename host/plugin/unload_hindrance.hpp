#pragma once

#include <string>
#include <vector>

#include "plugin/byte_source.hpp"

namespace sluice::plugin {

/// What in a shared object keeps its code in memory after it was closed, in words: `"has 3 unique symbols, such as
/// _ZGV..."`. Read from its dynamic section and symbols without running it; no number in it is trusted, and what cannot
/// be read is passed over. Empty: nothing was found, which promises nothing. [any-thread]
std::vector<std::string> find_unload_hindrances(const ByteSource& bytes);

/// All of them as one text; "" for none.
std::string hindrance_text(const std::vector<std::string>& hindrances);

}  // namespace sluice::plugin
