#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "observability/metric_set.hpp"
#include "result.hpp"
#include "store/namespace.hpp"

namespace sluice::store {

class RedisStore;
class SqliteStore;

/// All namespaces of the process: one for each name, whoever asks for it, so that instances and generations share what
/// is in it. Outlives every instance. [main-thread], but for the namespaces.
class StoreHub {
public:
    /// Opens nothing yet. `state_folder` is where the SQLite file is if the configuration does not say so.
    /// `metrics` outlives the hub.
    StoreHub(const config::Store& config, const std::filesystem::path& state_folder, observability::Metrics& metrics);
    ~StoreHub();
    StoreHub(const StoreHub&) = delete;
    StoreHub& operator=(const StoreHub&) = delete;

    /// The namespace, in the store that is configured for it, else in SQLite if it `is_durable`, else in memory. The
    /// error says what is wrong with the store.
    Result<Namespace*> open(std::string_view name, bool is_durable);

private:
    Result<std::unique_ptr<Namespace>> make(const std::string& name, config::StoreKind kind);
    std::unique_ptr<Namespace> measured(std::unique_ptr<Namespace> space, const std::string& name);

    const config::Store config_;
    const std::filesystem::path sqlite_file_;
    observability::MetricSet metrics_;
    // Before the namespaces, which use them.
    std::unique_ptr<SqliteStore> sqlite_;
    std::unique_ptr<RedisStore> redis_;
    std::map<std::string, std::unique_ptr<Namespace>, std::less<>> namespaces_;
};

}  // namespace sluice::store
