#pragma once

#include <string>
#include <string_view>

namespace sluice::endpoints {

/// The body of a JSON request with another model, every other byte as it was. `body` is a valid JSON object. Empty
/// where it names no model, or writes the name of that member with escapes.
std::string with_model(std::string_view body, std::string_view model);

}  // namespace sluice::endpoints
