// A managed key as it stands in the store. The key itself is not in it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/known_key.hpp"
#include "sluice/cpp/key_limits.hpp"

namespace sluice::auth {

// Times are Unix times; 0: not set.
struct KeyRecord {
    std::string id;  // "key_" and 16 hexadecimal digits
    std::string owner;
    std::string name;
    std::string masked;
    std::chrono::milliseconds created{0};
    std::chrono::milliseconds expires{0};
    std::chrono::milliseconds revoked{0};
    std::vector<std::string> models;
    std::vector<std::string> routes;
    KeyLimits limits;
    std::map<std::string, std::string> labels;
    std::string metadata;   // a JSON object, as it was given; empty: none
    std::string budget;     // a decimal number; empty: none
    std::string successor;  // the id of the key that it was rotated to; empty: it was not

    std::string to_json() const;
    // nullopt if `json` is no such record. Members it does not know are passed over.
    static std::optional<KeyRecord> parse(std::string_view json);

    std::shared_ptr<const KnownKey> to_known_key() const;
};

// The longest attribute of an exchange.
inline constexpr std::size_t kMaxAttributeBytes = 1024;

// The patterns with commas between, for "models.visible": at most kMaxAttributeBytes, or the key is not to be used.
std::string joined_patterns(const std::vector<std::string>& patterns);

// True for one JSON object.
bool is_json_object(std::string_view text);

}  // namespace sluice::auth
