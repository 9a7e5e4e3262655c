#include "store/store_hub.hpp"

#include <algorithm>

#include "store/measured_namespace.hpp"
#include "store/memory_namespace.hpp"
#include "store/redis_store.hpp"
#include "store/sqlite_store.hpp"

namespace sluice::store {
namespace {

bool is_name(std::string_view name) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    return !name.empty() && name.size() <= 64 && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

StoreHub::StoreHub(const config::Store& config, const std::filesystem::path& state_folder,
                   observability::Metrics& metrics)
    : config_(config),
      sqlite_file_(config.sqlite_file.empty() ? state_folder / "store.db" : std::filesystem::path(config.sqlite_file)),
      metrics_(metrics, "sluice_store") {}

StoreHub::~StoreHub() = default;

Result<Namespace*> StoreHub::open(std::string_view name, bool is_durable) {
    if (!is_name(name)) {
        return Unexpected("found the namespace \"" + std::string(name.substr(0, 64)) +
                          "\", expected 1 to 64 small letters, digits, \".\", \"_\" and \"-\"");
    }
    if (const auto known = namespaces_.find(name); known != namespaces_.end()) return known->second.get();
    const auto configured = config_.namespaces.find(std::string(name));
    config::StoreKind kind = is_durable ? config::StoreKind::kSqlite : config::StoreKind::kMemory;
    if (configured != config_.namespaces.end()) kind = configured->second;
    auto made = make(std::string(name), kind);
    if (!made) return Unexpected(made.error());
    return namespaces_.emplace(name, std::move(made).value()).first->second.get();
}

Result<std::unique_ptr<Namespace>> StoreHub::make(const std::string& name, config::StoreKind kind) {
    switch (kind) {
        case config::StoreKind::kSqlite: {
            if (!sqlite_) {
                auto opened = SqliteStore::open(sqlite_file_);
                if (!opened) return Unexpected(opened.error());
                sqlite_ = std::move(opened).value();
            }
            return measured(sqlite_->open_namespace(name), name);
        }
        case config::StoreKind::kRedis:
            if (!redis_) redis_ = std::make_unique<RedisStore>(config_.redis);
            return measured(redis_->open_namespace(name), name);
        default: return std::unique_ptr<Namespace>(std::make_unique<MemoryNamespace>(config_.memory_bytes));
    }
}

std::unique_ptr<Namespace> StoreHub::measured(std::unique_ptr<Namespace> space, const std::string& name) {
    return std::make_unique<MeasuredNamespace>(std::move(space), name, metrics_);
}

}  // namespace sluice::store
