// The value of an Authorization header: what is taken for a key is printable, within its limit and a part of the value;
// what is taken for a generated key is one in all of its characters.
#include "identity/authorization.hpp"
#include "jwt/token_verifier.hpp"
#include "keys/generated_key.hpp"
#include "keys/masked_key.hpp"
#include "keys/sodium.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::auth;
    start_sodium();
    const std::string_view value(reinterpret_cast<const char*>(data), size);
    const Authorization found = read_authorization_value(value);
    if (found.kind != Authorization::Kind::kKey) {
        if (!found.key.empty()) std::abort();
        return 0;
    }
    const std::string_view key = found.key;
    if (!is_key_text(key) || value.find(key) == std::string_view::npos) std::abort();
    if (masked_if_key(key).size() > kGeneratedKeyPrefix.size() + 7) std::abort();
    static_cast<void>(looks_like_token(key));
    if (form_of_key(key) != KeyForm::kWhole) return 0;
    std::string damaged(key);
    damaged.back() = damaged.back() == 'A' ? 'B' : 'A';
    if (form_of_key(damaged) == KeyForm::kWhole) std::abort();
    return 0;
}
