// A token, the header of one, and the claims of one: what is taken for a part of a token is a part of the text, nobody
// signs without the key, and a holder has an identity that may be written down and a token that has not expired.
#include "jwt/base64url.hpp"
#include "jwt/claims.hpp"
#include "jwt/compact_token.hpp"
#include "jwt/jwk_set.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

namespace {

using namespace sluice::auth::jwt;

// Those of RFC 7515, appendices A.2 and A.3, whose signing halves are not here.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"RSA","kid":"r","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmf)"
    R"(HQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63k)"
    R"(paSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU)"
    R"(K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},{"kty":"EC","kid":"e","crv":"P-256",)"
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

std::string encode(std::string_view bytes) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6) text += kAlphabet[(bits >> (count - 6)) & 63];
    }
    if (count > 0) text += kAlphabet[(bits << (6 - count)) & 63];
    return text;
}

void judge_token(const JwkSet& keys, const std::string& text, bool may_be_signed) {
    CompactToken token;
    if (read_compact_token(text, token)) return;
    if (token.algorithm == nullptr || text.size() > CompactToken::kMaxBytes) std::abort();
    if (!text.starts_with(token.signing_input) || !token.signing_input.ends_with(token.payload)) std::abort();
    const auto found = keys.find(token.key_id, *token.algorithm);
    if (const auto* key = std::get_if<const VerificationKey*>(&found)) {
        if ((*key)->verifies(token) && !may_be_signed) std::abort();
    }
}

void judge(std::string_view payload) {
    const std::chrono::system_clock::time_point now{std::chrono::seconds(1'700'000'000)};
    const auto verdict = judge_claims(payload, {"i", {"a"}, std::chrono::seconds(30), "sub"}, now);
    const auto* holder = std::get_if<TokenHolder>(&verdict);
    if (holder == nullptr) return;
    if (holder->expires <= now || holder->id.empty() || holder->id.size() > TokenHolder::kMaxIdBytes) std::abort();
    for (const unsigned char c : holder->id) {
        if (c < ' ' || c == 0x7f) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const JwkSet kSet = [] {
        std::string problem;
        return JwkSet::parse(kKeys, problem).value();
    }();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // Only the RFC's own examples, which are among the seeds, are signed.
    judge_token(kSet, std::string(text), true);
    if (const auto bytes = decode_base64url(text); bytes && encode(*bytes) != text) std::abort();
    judge(text);
    if (size > 4096) return 0;
    // 256 and 64 zero bytes.
    const std::string rsa_signature(342, 'A');
    const std::string ec_signature(86, 'A');
    const std::string encoded = encode(text);
    judge_token(kSet, encoded + ".e30." + rsa_signature, false);
    judge_token(kSet, encode(R"({"alg":"RS256","kid":"r"})") + "." + encoded + "." + rsa_signature, false);
    judge_token(kSet, encode(R"({"alg":"ES256","kid":"e"})") + "." + encoded + "." + ec_signature, false);
    return 0;
}
