#include "jwt/compact_token.hpp"

#include <simdjson.h>

#include <algorithm>

#include "jwt/base64url.hpp"
#include "jwt/json_object.hpp"

namespace sluice::auth::jwt {
namespace {

constexpr std::size_t kMaxHeaderMembers = 32;

// Types of tokens that say who a caller is. Others (of logouts, proofs of possession, security events) come from the
// same issuers, signed with the same keys, and say something else (RFC 8725, section 3.11).
bool is_accepted_type(std::string_view type) {
    std::string lower(type);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    constexpr std::string_view kPrefix = "application/";
    if (lower.starts_with(kPrefix)) lower.erase(0, kPrefix.size());
    return lower == "jwt" || lower == "at+jwt";
}

std::optional<Refusal> read_header(std::string_view json, CompactToken& token) {
    simdjson::dom::parser parser;
    const auto header = parse_object(parser, json, kMaxHeaderMembers);
    if (!header) return Refusal::kMalformed;
    // Whatever it lists: a reader that does not understand it has to refuse (RFC 7515, section 4.1.11).
    simdjson::dom::element critical;
    if ((*header)["crit"].get(critical) == simdjson::SUCCESS) return Refusal::kCriticalHeader;
    std::string_view type;
    const Member has_type = read_text(*header, "typ", type);
    if (has_type == Member::kOtherKind) return Refusal::kMalformed;
    if (has_type == Member::kRead && !is_accepted_type(type)) return Refusal::kWrongType;
    std::string_view algorithm;
    if (read_text(*header, "alg", algorithm) != Member::kRead) return Refusal::kMalformed;
    token.algorithm = find_algorithm(algorithm);
    if (token.algorithm == nullptr) return Refusal::kAlgorithmNotAllowed;
    std::string_view key_id;
    const Member has_key_id = read_text(*header, "kid", key_id);
    if (has_key_id == Member::kOtherKind) return Refusal::kMalformed;
    if (has_key_id == Member::kRead) token.key_id = std::string(key_id);
    return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_compact_token(std::string_view text, CompactToken& token) {
    if (text.size() > CompactToken::kMaxBytes) return Refusal::kTooLarge;
    const auto dots = std::count(text.begin(), text.end(), '.');
    if (dots == 4) return Refusal::kEncrypted;
    if (dots != 2) return Refusal::kMalformed;
    const std::size_t header_end = text.find('.');
    const std::size_t payload_end = text.rfind('.');
    token.text = text;
    token.signing_input = text.substr(0, payload_end);
    token.payload = text.substr(header_end + 1, payload_end - header_end - 1);
    const auto header = decode_base64url(text.substr(0, header_end));
    auto signature = decode_base64url(text.substr(payload_end + 1));
    if (!header || !signature) return Refusal::kMalformed;
    token.signature = std::move(*signature);
    token.key_id.reset();
    return read_header(*header, token);
}

}  // namespace sluice::auth::jwt
