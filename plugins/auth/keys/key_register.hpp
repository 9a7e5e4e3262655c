// The managed keys as commands see them: all that makes and changes records in the store.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/key_hash.hpp"
#include "keys/key_record.hpp"
#include "sluice/cpp/host.hpp"

namespace sluice::auth {

// Its functions wait for the store: never on a loop's thread. They throw Error with what the user is to read where the
// store fails or has no such key.
class KeyRegister {
public:
    struct Stored {
        KeyHash hash;
        KeyRecord record;
    };
    struct Made {
        std::string key;  // to be shown once
        Stored stored;
    };

    KeyRegister(Host host, Store store, const KeyHasher& hasher);

    // A new key with the settings of `record`; id, mask, time of making and, where it is empty, owner are filled in.
    Made create(KeyRecord record);
    std::vector<KeyRecord> list();
    Stored find(std::string_view id);
    // The record as it was before, where the key is revoked already.
    Stored revoke(std::string_view id);
    // The key has a successor and stops working after `overlap`, if it would not do so earlier. One that has another
    // successor stays as it is: an Error.
    Stored replace(std::string_view id, std::string_view successor, std::chrono::milliseconds overlap);

private:
    template <class Change>
    Stored change(std::string_view id, Change change);
    std::optional<std::string> get(std::string_view key);
    // False if something else was there.
    bool set_if(std::string_view key, std::optional<std::string_view> expected, std::string_view value);
    void claim_store();

    Clock clock_;
    Loops loops_;
    Store store_;
    const KeyHasher& hasher_;
};

// Throws Error, which names the successor, if the key was rotated before.
void check_not_rotated(const KeyRecord& record);

// True for "key_" and 16 hexadecimal digits.
bool is_key_id(std::string_view text);

}  // namespace sluice::auth
