#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "store/namespace.hpp"
#include "store/sqlite_file.hpp"

namespace sluice::store {

/// What a namespace asks of the file. Holds copies of its arguments.
struct SqliteOperation {
    /// Given the file and Unix time in microseconds says what to answer, or nullopt where SQLite has failed. May run
    /// again after a transaction was rolled back.
    std::function<std::optional<Answer>(SqliteFile&, std::int64_t now_us)> work;
    bool is_write = false;  ///< to be done inside a transaction
    std::size_t bytes = 0;  ///< of its arguments
};

namespace sqlite {

/// Where a value or a quota is.
struct Place {
    std::string space;
    std::string key;
};

SqliteOperation get(Place at);
SqliteOperation put(Place at, std::string value, Ttl ttl);
SqliteOperation remove(Place at);
SqliteOperation add(Place at, std::int64_t delta, Ttl ttl);
SqliteOperation compare_and_set(Place at, std::optional<std::string> expected, std::string value, Ttl ttl);
/// The key of `at` is the prefix.
SqliteOperation scan(Place at, std::string cursor, std::size_t max_items);
SqliteOperation take(Place at, Quota quota);
SqliteOperation give_back(Place at, std::int64_t amount, std::uint64_t ticket);
SqliteOperation renew(Place at, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us);

}  // namespace sqlite
}  // namespace sluice::store
