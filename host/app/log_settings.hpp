#pragma once

#include "config/config.hpp"
#include "observability/log.hpp"

namespace sluice::app {

observability::LogLevel log_level_of(config::LogLevel level) noexcept;

/// What the log is started with.
observability::LogConfig log_config_of(const config::Log& log) noexcept;

}  // namespace sluice::app
