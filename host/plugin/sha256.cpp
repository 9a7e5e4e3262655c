#include "plugin/sha256.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <string_view>
#include <vector>

namespace sluice::plugin {

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() = default;
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) {
        throw std::bad_alloc();
    }
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) {
        throw std::bad_alloc();
    }
}

std::string Sha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(state_->context, digest.data(), &length) != 1) {
        throw std::bad_alloc();
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned int index = 0; index < length; ++index) {
        text += kDigits[digest[index] >> 4];
        text += kDigits[digest[index] & 0xF];
    }
    return text;
}

Result<std::string> sha256_of(const ByteSource& bytes) {
    constexpr std::uint64_t kPieceBytes = 256 << 10;
    std::vector<std::byte> piece(kPieceBytes);
    Sha256 sha256;
    for (std::uint64_t offset = 0; offset < bytes.size();) {
        const std::span part(piece.data(), std::min(kPieceBytes, bytes.size() - offset));
        if (!bytes.read(offset, part)) {
            return Unexpected<std::string>("cannot be read");
        }
        sha256.update(part);
        offset += part.size();
    }
    return sha256.finish();
}

}  // namespace sluice::plugin
