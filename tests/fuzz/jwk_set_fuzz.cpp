// A key set as an issuer publishes it: no more keys than there may be, and each key that is found fits what it is found
// for.
#include "jwt/algorithm.hpp"
#include "jwt/jwk_set.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::auth::jwt;
    std::string problem;
    const auto set = JwkSet::parse(std::string_view(reinterpret_cast<const char*>(data), size), problem);
    if (!set) {
        if (problem.empty()) std::abort();
        return 0;
    }
    if (set->size() > JwkSet::kMaxKeys) std::abort();
    std::size_t count = 0;
    for (const Algorithm& algorithm : kAlgorithms) {
        for (const std::optional<std::string>& id : {std::optional<std::string>(), std::optional<std::string>("a")}) {
            const auto found = set->find(id, algorithm);
            const auto* key = std::get_if<const VerificationKey*>(&found);
            if (key == nullptr) continue;
            ++count;
            if (*key == nullptr || !(*key)->fits(algorithm)) std::abort();
        }
    }
    if (set->size() == 0 && count != 0) std::abort();
    return 0;
}
