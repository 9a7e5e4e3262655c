#include "config/problem.hpp"

namespace sluice::config {

std::string Problem::text() const { return path.empty() ? message : path + ": " + message; }

}  // namespace sluice::config
