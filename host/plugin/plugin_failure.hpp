#pragma once

#include "observability/plugin_function.hpp"
#include "sluice/error.h"

#include <optional>

namespace sluice::plugin {

/// What an error of a plugin says about the plugin itself: the SDK's wrapper gives such errors where an author's code
/// throws what it did not expect, or drops a call. Nothing for errors that were meant, whatever their code.
std::optional<observability::Misbehaviour> failure_of(const sluice_error& error) noexcept;

}  // namespace sluice::plugin
