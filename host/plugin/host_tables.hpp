#pragma once

#include "sluice/ext/clock.h"
#include "sluice/ext/folder.h"
#include "sluice/ext/log.h"
#include "sluice/ext/metrics.h"
#include "sluice/ext/store.h"

namespace sluice::plugin {

/// The host's interfaces that need nothing but the instance behind `host`. Static data.
const sluice_host_log& host_log_table() noexcept;
const sluice_host_metrics& host_metrics_table() noexcept;
const sluice_host_clock& host_clock_table() noexcept;
const sluice_host_folder& host_folder_table() noexcept;
const sluice_host_store& host_store_table() noexcept;

}  // namespace sluice::plugin
