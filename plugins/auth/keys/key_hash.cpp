#include "keys/key_hash.hpp"

namespace sluice::auth {

KeyHasher::KeyHasher(std::string_view hash_key) {
    start_sodium();
    const Digest secret = blake2b(hash_key);
    secret_.assign(reinterpret_cast<const char*>(secret.data()), secret.size());
    fingerprint_ = to_hex(of("fingerprint of the hash key")).substr(0, 32);
}

}  // namespace sluice::auth
