#include "client_key.hpp"

#include <algorithm>

#include "abi_text.hpp"
#include "ascii_case.hpp"

namespace sluice::openai {
namespace {

constexpr std::string_view kFieldName = "x-openai-api-key";
constexpr std::size_t kMaxKeyBytes = 256;

bool is_visible(char c) { return c > ' ' && c < 0x7f; }

}  // namespace

ClientKey find_client_key(const sluice_request& request) {
    ClientKey key;
    bool is_present = false;
    for (std::size_t i = 0; i < request.header_count; ++i) {
        const sluice_header& field = request.headers[i];
        if (field.name.len != kFieldName.size() || !equals_ignoring_case(to_view(field.name), kFieldName)) continue;
        const std::string_view value = to_view(field.value);
        if (is_present && value != key.value) {
            key.problem = "X-OpenAI-API-Key was given twice with different values; expected one value";
            return key;
        }
        is_present = true;
        key.value = value;
    }
    if (!is_present) return key;
    if (key.value.empty())
        key.problem = "X-OpenAI-API-Key is empty; expected a key of 1 to 256 characters";
    else if (key.value.size() > kMaxKeyBytes)
        key.problem = "X-OpenAI-API-Key is longer than 256 characters";
    else if (!std::all_of(key.value.begin(), key.value.end(), is_visible)) {
        key.problem = "X-OpenAI-API-Key holds characters other than visible ASCII";
    }
    return key;
}

}  // namespace sluice::openai
