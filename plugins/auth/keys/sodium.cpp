#include "keys/sodium.hpp"

#include <sodium.h>

#include "sluice/cpp/error.hpp"

namespace sluice::auth {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

void start_sodium() {
    if (sodium_init() < 0) throw Error("internal_error", "libsodium finds no source of random numbers");
}

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

Digest blake2b(std::string_view text, std::string_view secret) noexcept {
    Digest digest{};
    crypto_generichash(digest.data(), digest.size(), bytes_of(text), text.size(),
                       secret.empty() ? nullptr : bytes_of(secret), secret.size());
    return digest;
}

std::string to_hex(std::string_view bytes) {
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes_of(bytes), bytes.size());
    text.pop_back();
    return text;
}

std::string to_hex(const Digest& digest) {
    return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::optional<Digest> digest_of_hex(std::string_view text) {
    if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
    Digest digest{};
    std::size_t length = 0;
    const int status =
        sodium_hex2bin(digest.data(), digest.size(), text.data(), text.size(), nullptr, &length, nullptr);
    return status == 0 && length == digest.size() ? std::optional<Digest>(digest) : std::nullopt;
}

std::string to_base64url(std::string_view bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    text.pop_back();
    return text;
}

std::optional<std::string> from_base64url(std::string_view text, std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t length = 0;
    const int status =
        sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                          nullptr, &length, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return status == 0 && length == count ? std::optional<std::string>(std::move(bytes)) : std::nullopt;
}

}  // namespace sluice::auth
