#include "text_digest.hpp"

#include <openssl/sha.h>

#include <array>

namespace sluice::ratelimit {

void append_digest(std::string_view text, std::string& out) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    out += '#';
    for (const unsigned char byte : digest) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
}

}  // namespace sluice::ratelimit
