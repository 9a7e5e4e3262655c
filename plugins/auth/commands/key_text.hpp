// Records of keys as `sluice keys` prints them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "keys/key_record.hpp"

namespace sluice::auth {

// One line each under a heading, or JSON: {"keys": [...]}.
std::string list_text(const std::vector<KeyRecord>& records, std::chrono::milliseconds now);
std::string list_json(const std::vector<KeyRecord>& records);

// A line for each setting.
std::string record_text(const KeyRecord& record, std::chrono::milliseconds now);
// `key` is the key itself right after it was made, else empty.
std::string record_json(const KeyRecord& record, const std::string& key = {});

}  // namespace sluice::auth
