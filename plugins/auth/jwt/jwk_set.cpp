#include "jwt/jwk_set.hpp"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "jwt/base64url.hpp"
#include "jwt/json_object.hpp"

namespace sluice::auth::jwt {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxMembers = 64;

// A member that is base64url; empty if it is absent or anything else.
std::string octets_of(dom::object jwk, std::string_view name) {
    std::string_view text;
    if (read_text(jwk, name, text) != Member::kRead) return {};
    return decode_base64url(text).value_or(std::string());
}

bool is_for_signatures(dom::object jwk) {
    std::string_view use;
    const Member has_use = read_text(jwk, "use", use);
    if (has_use == Member::kOtherKind || (has_use == Member::kRead && use != "sig")) return false;
    dom::element operations;
    if (jwk["key_ops"].get(operations) != simdjson::SUCCESS) return true;
    dom::array listed;
    if (operations.get(listed) != simdjson::SUCCESS) return false;
    return std::any_of(listed.begin(), listed.end(), [](dom::element operation) {
        std::string_view name;
        return operation.get(name) == simdjson::SUCCESS && name == "verify";
    });
}

std::optional<VerificationKey> point_of(dom::object jwk) {
    std::string_view curve;
    if (read_text(jwk, "crv", curve) != Member::kRead || curve != "P-256") return std::nullopt;
    return VerificationKey::from_point(octets_of(jwk, "x"), octets_of(jwk, "y"));
}

std::optional<VerificationKey> key_of(dom::object jwk) {
    std::string_view type;
    if (read_text(jwk, "kty", type) != Member::kRead) return std::nullopt;
    if (type == "RSA") return VerificationKey::from_rsa(octets_of(jwk, "n"), octets_of(jwk, "e"));
    if (type == "EC") return point_of(jwk);
    return type == "oct" ? VerificationKey::from_octets(octets_of(jwk, "k")) : std::nullopt;
}

}  // namespace

struct JwkSet::Reader {
    static std::optional<Entry> entry_of(dom::element element) {
        dom::object jwk;
        if (element.get(jwk) != simdjson::SUCCESS || !is_unambiguous(jwk, kMaxMembers)) return std::nullopt;
        if (!is_for_signatures(jwk)) return std::nullopt;
        std::string_view id;
        std::string_view name;
        const Member has_id = read_text(jwk, "kid", id);
        const Member has_algorithm = read_text(jwk, "alg", name);
        if (has_id == Member::kOtherKind || has_algorithm == Member::kOtherKind) return std::nullopt;
        const Algorithm* algorithm = find_algorithm(name);
        if (has_algorithm == Member::kRead && algorithm == nullptr) return std::nullopt;
        auto key = key_of(jwk);
        if (!key || (algorithm != nullptr && !key->fits(*algorithm))) return std::nullopt;
        const auto key_id = has_id == Member::kRead ? std::optional(std::string(id)) : std::nullopt;
        return Entry{key_id, algorithm, std::move(*key)};
    }
};

std::optional<JwkSet> JwkSet::parse(std::string_view json, std::string& problem) {
    if (json.size() > kMaxBytes) {
        problem = "the key set is larger than 1 MiB";
        return std::nullopt;
    }
    dom::parser parser;
    dom::array keys;
    const auto root = parse_object(parser, json, kMaxMembers);
    if (!root || (*root)["keys"].get(keys) != simdjson::SUCCESS) {
        problem = "expected a JSON Web Key set, an object with the array \"keys\"";
        return std::nullopt;
    }
    JwkSet set;
    std::size_t count = 0;
    for (const dom::element element : keys) {
        if (++count > kMaxKeys) {
            problem = "the key set has more than 100 keys";
            return std::nullopt;
        }
        if (auto entry = Reader::entry_of(element)) set.entries_.push_back(std::move(*entry));
    }
    return set;
}

std::variant<const VerificationKey*, Refusal> JwkSet::find(const std::optional<std::string>& key_id,
                                                           const Algorithm& algorithm) const {
    const VerificationKey* found = nullptr;
    bool is_known = false;
    for (const Entry& entry : entries_) {
        if (key_id && entry.id != key_id) continue;
        is_known = true;
        if (!entry.key.fits(algorithm) || (entry.algorithm != nullptr && entry.algorithm != &algorithm)) continue;
        if (found != nullptr) return Refusal::kNoKeyId;
        found = &entry.key;
        // An issuer may give one id to keys of several types, not to two of the same (RFC 7517, section 4.5).
        if (key_id) break;
    }
    if (found != nullptr) return found;
    return is_known && key_id ? Refusal::kKeyDoesNotFit : Refusal::kUnknownKey;
}

}  // namespace sluice::auth::jwt
