// One configured instance: judges the key of each request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "commands/keys_command.hpp"
#include "config.hpp"
#include "identity/decision_log.hpp"
#include "identity/denial.hpp"
#include "jwt/token_verifier.hpp"
#include "keys/key_cache.hpp"
#include "keys/key_hash.hpp"
#include "keys/key_presence.hpp"
#include "keys/key_register.hpp"
#include "keys/managed_keys.hpp"
#include "sluice/cpp/exchange.hpp"
#include "sluice/cpp/host.hpp"

namespace sluice::auth {

// Whose request it is, from hook to hook.
struct Caller {
    std::shared_ptr<const KnownKey> key;  // null: nobody's
};

class Instance {
public:
    // Throws Error where it cannot work with this configuration, this folder or this store.
    Instance(Host host, Config config);

    // Middleware
    Verdict on_head(Exchange& exchange, Caller& caller);
    Verdict on_request(Exchange& exchange, Caller& caller);
    bool is_guarding() const noexcept;

    int run_command(const std::vector<std::string_view>& arguments, std::string& output, std::string& errors);

private:
    // What is in the store, and who asks for it.
    struct Managed {
        Managed(Host host, const Config& config, const KeyHasher& hasher);

        Store store;
        StoreHealth health;
        KeyPresence presence;
        ManagedKeys keys;
        KeyRegister registry;
    };

    void know_configured(const Config& config);
    std::shared_ptr<const KnownKey> find_configured(const KeyHash& hash) const;
    Verdict judge(Exchange& exchange, Caller& caller, std::string_view key);
    Verdict judge_token(Exchange& exchange, Caller& caller, std::string_view token, const KeyHash& hash);
    Verdict judge_managed(Exchange& exchange, Caller& caller, std::string_view key, const KeyHash& hash);
    Verdict settle_managed(Exchange& exchange, Caller& caller, const ManagedKeys::Answer& answer,
                           std::string_view masked);
    Verdict settle_token(Exchange& exchange, Caller& caller, const KeyHash& hash, Verified&& verified);
    Verdict accept(Exchange& exchange, Caller& caller, std::shared_ptr<const KnownKey> key);
    Verdict deny(Exchange& exchange, Denial denial);
    Verdict refuse(Exchange& exchange, const Denial& denial);
    // Whether a key is needed now; nullopt if the store has to be asked.
    std::optional<bool> needs_key(Loop loop);

    Loops loops_;
    Clock clock_;
    Log log_;
    Require require_;
    std::chrono::milliseconds trusted_;
    DecisionLog decisions_;
    KeyHasher hasher_;
    std::unordered_map<KeyHash, std::shared_ptr<const KnownKey>, KeyHashIndex> configured_;
    KeyCache tokens_;                          // verified ones
    std::unique_ptr<Managed> managed_;         // null: no managed keys
    std::unique_ptr<TokenVerifier> verifier_;  // null: no tokens
};

}  // namespace sluice::auth
