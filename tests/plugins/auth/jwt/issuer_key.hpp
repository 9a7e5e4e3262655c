// An issuer's side, for tests: keys, the sets they are published in, and tokens signed with them.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::auth::jwt {

inline const unsigned char* octets_in(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline std::string to_base64url(const std::string& bytes) {
    std::string text(bytes.size() * 4 / 3 + 8, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets_in(bytes),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

class IssuerKey {
public:
    static IssuerKey rsa(unsigned bits) { return IssuerKey(EVP_RSA_gen(bits), {}); }
    static IssuerKey ec(const char* curve) { return IssuerKey(EVP_EC_gen(curve), {}); }
    static IssuerKey octets(std::string secret) { return IssuerKey(nullptr, std::move(secret)); }
    IssuerKey(IssuerKey&& other) noexcept
        : key_(std::exchange(other.key_, nullptr)), secret_(std::move(other.secret_)) {}
    IssuerKey& operator=(IssuerKey&&) = delete;
    ~IssuerKey() { EVP_PKEY_free(key_); }

    // One key for all tests: making it takes a while.
    static const IssuerKey& usual() {
        static const IssuerKey kKey = rsa(2048);
        return kKey;
    }

    // `more`: further members, each with a comma before it.
    std::string jwk(const std::string& id, const std::string& more = "") const {
        const std::string rest = ",\"kid\":\"" + id + "\"" + more + "}";
        if (key_ == nullptr) return R"({"kty":"oct","k":")" + to_base64url(secret_) + "\"" + rest;
        if (EVP_PKEY_get_base_id(key_) == EVP_PKEY_RSA) {
            return R"({"kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
                   number(OSSL_PKEY_PARAM_RSA_E) + "\"" + rest;
        }
        const int bits = EVP_PKEY_get_bits(key_);
        return R"({"kty":"EC","crv":"P-)" + std::to_string(bits) + R"(","x":")" +
               number(OSSL_PKEY_PARAM_EC_PUB_X, (bits + 7) / 8) + R"(","y":")" +
               number(OSSL_PKEY_PARAM_EC_PUB_Y, (bits + 7) / 8) + "\"" + rest;
    }
    std::string sign(const std::string& algorithm, const std::string& id, const std::string& payload) const {
        return sign_under(algorithm, R"({"alg":")" + algorithm + R"(","kid":")" + id + "\"}", payload);
    }
    // Signs as `algorithm` says, whatever the header does.
    std::string sign_under(const std::string& algorithm, const std::string& header, const std::string& payload) const {
        const std::string input = to_base64url(header) + "." + to_base64url(payload);
        return input + "." + to_base64url(signature(algorithm, input));
    }

private:
    IssuerKey(EVP_PKEY* key, std::string secret) : key_(key), secret_(std::move(secret)) {}

    std::string number(const char* name, int size = 0) const {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key_, name, &value);
        const std::string bytes = padded(value, size == 0 ? BN_num_bytes(value) : size);
        BN_free(value);
        return to_base64url(bytes);
    }
    static std::string padded(const BIGNUM* value, int size) {
        std::string bytes(static_cast<std::size_t>(size), '\0');
        BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), size);
        return bytes;
    }
    std::string signature(const std::string& algorithm, const std::string& input) const {
        const EVP_MD* digest = EVP_get_digestbyname(("SHA" + algorithm.substr(2)).c_str());
        if (key_ == nullptr) return mac(digest, input);
        std::vector<unsigned char> bytes(1024);
        std::size_t count = bytes.size();
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        EVP_PKEY_CTX* padding = nullptr;
        EVP_DigestSignInit(context, &padding, digest, nullptr, key_);
        if (algorithm[0] == 'P') EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
        if (algorithm[0] == 'P') EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
        EVP_DigestSign(context, bytes.data(), &count, octets_in(input), input.size());
        EVP_MD_CTX_free(context);
        const std::string made(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        return algorithm[0] == 'E' ? numbers_of(made) : made;
    }
    std::string mac(const EVP_MD* digest, const std::string& input) const {
        std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
        unsigned int count = 0;
        HMAC(digest, secret_.data(), static_cast<int>(secret_.size()), octets_in(input), input.size(), code.data(),
             &count);
        return std::string(code.begin(), code.begin() + count);
    }
    // The two numbers of a signature one behind the other, as JOSE has them, instead of in DER.
    std::string numbers_of(const std::string& der) const {
        const unsigned char* at = octets_in(der);
        ECDSA_SIG* const both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
        const int size = (EVP_PKEY_get_bits(key_) + 7) / 8;
        const std::string numbers = padded(ECDSA_SIG_get0_r(both), size) + padded(ECDSA_SIG_get0_s(both), size);
        ECDSA_SIG_free(both);
        return numbers;
    }

    EVP_PKEY* key_;
    std::string secret_;
};

inline std::string key_set_of(const std::vector<std::string>& jwks) {
    std::string set;
    for (const std::string& jwk : jwks) set += (set.empty() ? "" : ",") + jwk;
    return "{\"keys\":[" + set + "]}";
}

}  // namespace sluice::auth::jwt
