#pragma once

#include "config/json_value.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::config {

/// Reads members of one mapping into variables. A member that is missing or has another type leaves its variable
/// as it is.
class SectionReader {
public:
    /// An empty section when `value` is not a mapping.
    explicit SectionReader(const JsonValue& value);

    bool has(const std::string& key) const;
    std::vector<std::string> keys() const;
    JsonValue value(const std::string& key) const;
    SectionReader section(const std::string& key) const;
    /// The items of a list; none when the member is no list.
    std::vector<JsonValue> items(const std::string& key) const;

    void read(const std::string& key, std::string& target) const;
    void read(const std::string& key, std::optional<std::string>& target) const;
    void read(const std::string& key, bool& target) const;
    void read(const std::string& key, std::size_t& target) const;
    void read(const std::string& key, std::uint16_t& target) const;
    void read(const std::string& key, std::chrono::milliseconds& target) const;
    void read(const std::string& key, std::optional<std::chrono::milliseconds>& target) const;
    void read(const std::string& key, std::vector<std::string>& target) const;

    /// Reads a word of a closed set.
    template <typename Enum>
    void read(const std::string& key, Enum& target, const std::vector<std::pair<std::string, Enum>>& words) const {
        for (const auto& [word, enumerator] : words) {
            if (has(key) && as_string(value(key)) == word) target = enumerator;
        }
    }

private:
    /// The integer of a member, from 0 to `highest`.
    std::optional<Poco::Int64> number(const std::string& key, Poco::Int64 highest) const;

    JsonObject object_;
};

}  // namespace sluice::config
