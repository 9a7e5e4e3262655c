#include "jwt/verification_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <Poco/Crypto/ECKey.h>
#include <Poco/Crypto/EVPPKey.h>
#include <Poco/Crypto/RSAKey.h>
#include <Poco/Exception.h>
#include <Poco/JWT/Signer.h>
#include <Poco/JWT/Token.h>

#include <array>
#include <exception>
#include <set>
#include <utility>

namespace sluice::auth::jwt {
namespace {

constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 4096;
constexpr std::size_t kCoordinateBytes = 32;
// An exponent as long as the modulus would make each verification as slow as a signature.
constexpr std::size_t kMaxExponentBytes = 4;

template <auto Free>
struct Freed {
    template <class Object>
    void operator()(Object* object) const noexcept {
        Free(object);
    }
};
template <class Object, auto Free>
using Owned = std::unique_ptr<Object, Freed<Free>>;

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using Number = Owned<BIGNUM, BN_free>;
using ParameterBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;

// What OpenSSL left of a failure in this thread's queue would be taken by the next TLS connection of the same loop for
// a failure of its own.
class CleanErrorQueue {
public:
    CleanErrorQueue() = default;
    CleanErrorQueue(const CleanErrorQueue&) = delete;
    CleanErrorQueue& operator=(const CleanErrorQueue&) = delete;
    ~CleanErrorQueue() { ERR_clear_error(); }
};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string_view without_leading_zeros(std::string_view number) {
    while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
    return number;
}

Number number_of(std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

Key key_of(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) <= 0) return nullptr;
    if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) <= 0) return nullptr;
    return Key(key);
}

bool is_sound(EVP_PKEY* key) {
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return context && EVP_PKEY_public_check(context.get()) == 1;
}

// Poco::JWT reads the token once more, with less care: it is given only what was read strictly before, and nothing but
// its word on the signature is used.
bool is_signed_according_to(const Poco::JWT::Signer& signer, const CompactToken& token) {
    try {
        Poco::JWT::Token ignored;
        return signer.tryVerify(std::string(token.text), ignored);
    } catch (const std::exception&) {
        return false;
    }
}

bool has_pss_signature(EVP_PKEY* key, const CompactToken& token) {
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* padding = nullptr;
    if (!context || EVP_DigestVerifyInit_ex(context.get(), &padding, token.algorithm->digest, nullptr, nullptr, key,
                                            nullptr) != 1) {
        return false;
    }
    if (EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) != 1) return false;
    if (EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) != 1) return false;
    return EVP_DigestVerify(context.get(), bytes_of(token.signature), token.signature.size(),
                            bytes_of(token.signing_input), token.signing_input.size()) == 1;
}

// Not by Poco::JWT, which compares the two codes byte by byte and so tells, by the time it takes, how many are right.
bool has_mac(const std::string& secret, const CompactToken& token) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned int size = 0;
    const EVP_MD* digest = EVP_get_digestbyname(token.algorithm->digest);
    if (HMAC(digest, secret.data(), static_cast<int>(secret.size()), bytes_of(token.signing_input),
             token.signing_input.size(), mac.data(), &size) == nullptr) {
        return false;
    }
    return size == token.signature.size() && CRYPTO_memcmp(mac.data(), token.signature.data(), size) == 0;
}

}  // namespace

struct VerificationKey::Material {
    Key key;
    std::string secret;
    Poco::JWT::Signer signer;

    Material() = default;
    Material(const Material&) = delete;
    Material& operator=(const Material&) = delete;
    ~Material() { OPENSSL_cleanse(secret.data(), secret.size()); }
};

std::optional<VerificationKey> VerificationKey::from_rsa(std::string_view modulus, std::string_view exponent) {
    const CleanErrorQueue clean;
    modulus = without_leading_zeros(modulus);
    exponent = without_leading_zeros(exponent);
    if (modulus.size() > kMaxRsaBits / 8 || exponent.empty() || exponent.size() > kMaxExponentBytes) {
        return std::nullopt;
    }
    const Number n = number_of(modulus);
    const Number e = number_of(exponent);
    if (!n || !e || static_cast<std::size_t>(BN_num_bits(n.get())) < kMinRsaBits) return std::nullopt;
    if (BN_is_odd(n.get()) == 0 || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) != 0) return std::nullopt;
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return std::nullopt;
    }
    auto material = std::make_shared<Material>();
    material->key = key_of("RSA", builder.get());
    if (!material->key) return std::nullopt;
    try {
        const Poco::Crypto::EVPPKey key(material->key.get());
        material->signer.setRSAKey(new Poco::Crypto::RSAKey(key));
        material->signer.setAlgorithms({"RS256", "RS384", "RS512"});
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
    return VerificationKey(KeyType::kRsa, modulus.size(), std::move(material));
}

std::optional<VerificationKey> VerificationKey::from_point(std::string_view x, std::string_view y) {
    const CleanErrorQueue clean;
    if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return std::nullopt;
    const std::string point = std::string(1, '\x04') + std::string(x) + std::string(y);
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
        return std::nullopt;
    }
    auto material = std::make_shared<Material>();
    material->key = key_of("EC", builder.get());
    if (!material->key || !is_sound(material->key.get())) return std::nullopt;
    try {
        const Poco::Crypto::EVPPKey key(material->key.get());
        material->signer.setECKey(new Poco::Crypto::ECKey(key));
        material->signer.setAlgorithms({"ES256"});
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
    return VerificationKey(KeyType::kP256, kCoordinateBytes, std::move(material));
}

std::optional<VerificationKey> VerificationKey::from_octets(std::string_view secret) {
    if (secret.empty() || secret.size() > CompactToken::kMaxBytes) return std::nullopt;
    auto material = std::make_shared<Material>();
    material->secret = secret;
    return VerificationKey(KeyType::kOctets, secret.size(), std::move(material));
}

bool VerificationKey::fits(const Algorithm& algorithm) const noexcept {
    if (algorithm.key_type != type_) return false;
    return type_ != KeyType::kOctets || size_bytes_ >= algorithm.digest_bytes;
}

bool VerificationKey::verifies(const CompactToken& token) const {
    if (!fits(*token.algorithm)) return false;
    const CleanErrorQueue clean;
    switch (token.algorithm->scheme) {
        case Scheme::kHmac: return has_mac(material_->secret, token);
        case Scheme::kRsaPss:
            return token.signature.size() == size_bytes_ && has_pss_signature(material_->key.get(), token);
        case Scheme::kRsaPkcs1:
            return token.signature.size() == size_bytes_ && is_signed_according_to(material_->signer, token);
        case Scheme::kEcdsa:
            return token.signature.size() == 2 * size_bytes_ && is_signed_according_to(material_->signer, token);
    }
    return false;
}

}  // namespace sluice::auth::jwt
