#include "plugin/plugin_failure.hpp"

#include "plugin/table_checks.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::plugin {

std::optional<observability::Misbehaviour> failure_of(const sluice_error& error) noexcept {
    if (view_of(error.code) != "internal_error") return std::nullopt;
    if (view_of(error.message) == kUnexpectedFailure) return observability::Misbehaviour::kException;
    if (view_of(error.message) == kGivenUp) return observability::Misbehaviour::kNoAnswer;
    return std::nullopt;
}

}  // namespace sluice::plugin
