#include "store/sqlite_store.hpp"

#include <optional>
#include <utility>

#include "store/sqlite_file.hpp"
#include "store/sqlite_operations.hpp"
#include "store/sqlite_worker.hpp"

namespace sluice::store {
namespace {

/// One keyspace of the file.
class SqliteNamespace final : public Namespace {
public:
    SqliteNamespace(SqliteWorker& worker, std::string name) : worker_(worker), name_(std::move(name)) {}

    // Namespace
    void get(std::string_view key, const Asker& asker) override { worker_.ask(sqlite::get(at(key)), asker); }
    void put(std::string_view key, std::string_view value, Ttl ttl, const Asker& asker) override {
        worker_.ask(sqlite::put(at(key), std::string(value), ttl), asker);
    }
    void remove(std::string_view key, const Asker& asker) override { worker_.ask(sqlite::remove(at(key)), asker); }
    void add(std::string_view key, std::int64_t delta, Ttl ttl, const Asker& asker) override {
        worker_.ask(sqlite::add(at(key), delta, ttl), asker);
    }
    void compare_and_set(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                         Ttl ttl, const Asker& asker) override {
        std::optional<std::string> wanted;
        if (expected) wanted.emplace(*expected);
        worker_.ask(sqlite::compare_and_set(at(key), std::move(wanted), std::string(value), ttl), asker);
    }
    void scan(std::string_view prefix, std::string_view cursor, std::size_t max_items, const Asker& asker) override {
        worker_.ask(sqlite::scan(at(prefix), std::string(cursor), max_items), asker);
    }
    void take(std::string_view key, const Quota& quota, const Asker& asker) override {
        worker_.ask(sqlite::take(at(key), quota), asker);
    }
    void give_back(std::string_view key, std::int64_t amount, std::uint64_t ticket, const Asker& asker) override {
        worker_.ask(sqlite::give_back(at(key), amount, ticket), asker);
    }
    void renew(std::string_view key, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
               const Asker& asker) override {
        worker_.ask(sqlite::renew(at(key), amount, ticket, ttl_us), asker);
    }

private:
    sqlite::Place at(std::string_view key) const { return {name_, std::string(key)}; }

    SqliteWorker& worker_;
    const std::string name_;
};

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& file) {
    auto opened = SqliteFile::open(file);
    if (!opened) return Unexpected(opened.error());
    return std::unique_ptr<SqliteStore>(
        new SqliteStore(std::make_unique<SqliteWorker>(std::move(opened).value(), file.string())));
}

SqliteStore::SqliteStore(std::unique_ptr<SqliteWorker> worker) : worker_(std::move(worker)) {}

SqliteStore::~SqliteStore() = default;

std::unique_ptr<Namespace> SqliteStore::open_namespace(std::string name) {
    return std::make_unique<SqliteNamespace>(*worker_, std::move(name));
}

}  // namespace sluice::store
