#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "http/attributes.hpp"
#include "http/request.hpp"

namespace sluice::routing {

/// The conditions that a route may have, in the order in which they are tested.
enum class Condition : std::uint8_t { kNone, kHeader, kAttribute, kPath, kMethod, kModel, kListedModel };

/// The first condition of `match` that the request does not meet; kNone where it meets all. The only place where they
/// are tested, but for kListedModel, which takes a catalog: see Router. Takes no memory. [any-thread]
Condition first_unmet(const config::RouteMatch& match, const http::Request& request,
                      const http::Attributes& attributes) noexcept;

/// A condition and what it met with, for people. Without secrets: header values that may be some are "***".
struct ConditionFact {
    Condition condition = Condition::kNone;
    std::string subject;               ///< "header X-Pick", "model"
    std::optional<std::string> found;  ///< nothing: the request has none
    std::string expected;
    std::string note;  ///< "listed by: east, west"; may be empty
};

/// `condition`: one that `match` has, and not kListedModel.
ConditionFact fact_of(Condition condition, const config::RouteMatch& match, const http::Request& request,
                      const http::Attributes& attributes);

/// In the words of the configuration: "model", "listed_model".
std::string_view name_of(Condition condition) noexcept;

}  // namespace sluice::routing
