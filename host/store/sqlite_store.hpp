#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "result.hpp"
#include "store/namespace.hpp"

namespace sluice::store {

class SqliteWorker;

/// Namespaces in a SQLite file. One thread does what they are asked, in that order; writes that wait are done as one
/// transaction, and answered once it outlives a crash. What cannot be done in time is answered SLUICE_STORE_FAILED.
class SqliteStore {
public:
    /// Opens or makes the file, and starts the thread. The error names the file and what is wrong with it.
    /// [main-thread]
    static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& file);
    /// Does and answers what was asked before, and ends the thread. The namespaces are gone by then.
    ~SqliteStore();
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;

    /// The namespace `name`; does not outlive the store. [any-thread]
    std::unique_ptr<Namespace> open_namespace(std::string name);

private:
    explicit SqliteStore(std::unique_ptr<SqliteWorker> worker);

    std::unique_ptr<SqliteWorker> worker_;
};

}  // namespace sluice::store
