#include "plugin/host_interfaces.hpp"

#include "plugin/host_tables.hpp"

namespace sluice::plugin {

HostInterfaces::HostInterfaces() {
    offer(SLUICE_HOST_LOG_ID, &host_log_table());
    offer(SLUICE_HOST_METRICS_ID, &host_metrics_table());
    offer(SLUICE_HOST_CLOCK_ID, &host_clock_table());
    offer(SLUICE_HOST_FOLDER_ID, &host_folder_table());
    offer(SLUICE_HOST_STORE_ID, &host_store_table());
}

void HostInterfaces::offer(std::string_view id, const void* table) { tables_.insert_or_assign(std::string(id), table); }

}  // namespace sluice::plugin
