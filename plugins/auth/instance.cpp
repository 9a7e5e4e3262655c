#include "instance.hpp"

#include <algorithm>
#include <utility>

#include "identity/authorization.hpp"
#include "keys/generated_key.hpp"
#include "keys/hash_key_file.hpp"
#include "keys/masked_key.hpp"
#include "keys/pattern.hpp"

namespace sluice::auth {
namespace {

constexpr std::size_t kMaxTokens = 10000;

std::string hash_key_for(Host host, const Config& config) {
    if (!config.hash_key.empty()) return config.hash_key;
    return host.is_probe() ? hash_key_for_now(host.folder()) : hash_key_of_folder(host.folder());
}

std::shared_ptr<const KnownKey> known_key_of(const ConfiguredKey& configured, const KeyHash& hash) {
    auto key = std::make_shared<KnownKey>();
    key->owner = !configured.owner.empty()  ? configured.owner
                 : !configured.name.empty() ? configured.name
                                            : "k-" + to_hex(hash).substr(0, 16);
    key->masked = masked(configured.key);
    key->limits = configured.limits.text();
    key->models = configured.models;
    key->routes = configured.routes;
    key->visible_models = joined_patterns(configured.models);
    key->expires = configured.expires;
    return key;
}

Error not_allowed(const std::string& message) { return Error("model_not_allowed", message); }

// A model may stand in any body, also where the gateway cannot read it: in a form, or under a content encoding.
Error unnamed_model(const KnownKey& key) {
    return not_allowed(
               "This API key is kept to some models: a request with a body must name one of them as \"model\" in JSON. "
               "Allowed: " +
               key.visible_models)
        .with_param("model");
}

bool set_unless_empty(Exchange& exchange, std::string_view name, std::string_view value) {
    return value.empty() || exchange.set_attribute(name, value) == SLUICE_OK;
}

// False if the host takes not all of it: without its limits a key could do more than it may.
bool describe(Exchange& exchange, const KnownKey& key) {
    return set_unless_empty(exchange, "key.id", key.owner) && set_unless_empty(exchange, "key.masked", key.masked) &&
           set_unless_empty(exchange, "key.limits", key.limits) &&
           set_unless_empty(exchange, "models.visible", key.visible_models);
}

}  // namespace

Instance::Managed::Managed(Host host, const Config& config, const KeyHasher& hasher)
    : store(host.store(config.space, true)),
      health(host),
      presence(host, store, health, hasher.fingerprint(), {config.trusted, config.stale}),
      keys(host, store, health, {config.trusted, config.stale, config.max_known_keys}),
      registry(host, store, hasher) {}

Instance::Instance(Host host, Config config)
    : loops_(host.loops()),
      clock_(host.clock()),
      log_(host.log()),
      require_(config.require),
      trusted_(config.trusted),
      decisions_(host, config.audit),
      hasher_(hash_key_for(host, config)),
      tokens_(kMaxTokens) {
    know_configured(config);
    if (config.is_managed) managed_ = std::make_unique<Managed>(host, config, hasher_);
    if (config.jwt_json) verifier_ = make_token_verifier(host, *config.jwt_json);
}

void Instance::know_configured(const Config& config) {
    for (const ConfiguredKey& key : config.keys) {
        const KeyHash hash = hasher_.of(key.key);
        configured_.emplace(hash, known_key_of(key, hash));
    }
}

Verdict Instance::on_head(Exchange& exchange, Caller& caller) {
    const Authorization found = read_authorization(exchange.request().headers());
    if (found.kind == Authorization::Kind::kKey) return judge(exchange, caller, found.key);
    if (found.kind != Authorization::Kind::kMissing || exchange.request().header("authorization")) {
        exchange.remove_request_header("authorization");
    }
    return deny(exchange, denial_of(found));
}

Verdict Instance::on_request(Exchange& exchange, Caller& caller) {
    if (!caller.key) return Verdict::kContinue;
    const KnownKey& key = *caller.key;
    const Request request = exchange.request();
    const std::string_view model = request.model();
    if (model.empty() && !key.models.empty() && request.body_length() != 0) {
        decisions_.note_forbidden(exchange, key, "a body that names no model");
        return exchange.refuse(unnamed_model(key));
    }
    if (model.empty() || matches_any_pattern(key.models, model)) return Verdict::kContinue;
    decisions_.note_forbidden(exchange, key, "the model " + std::string(model));
    return exchange.refuse(
        not_allowed("The API key is not allowed this model. Allowed: " + key.visible_models).with_param("model"));
}

bool Instance::is_guarding() const noexcept {
    if (require_ != Require::kAuto) return require_ == Require::kAlways;
    if (!configured_.empty() || verifier_ != nullptr) return true;
    return managed_ != nullptr && managed_->presence.state() != KeyPresence::State::kNone;
}

int Instance::run_command(const std::vector<std::string_view>& arguments, std::string& output, std::string& errors) {
    KeysCommand command(log_, clock_, managed_ ? &managed_->registry : nullptr);
    const int exit_code = command.run(arguments, output, errors);
    for (const auto& [hash, record] : command.changed()) {
        managed_->presence.note_key();
        managed_->keys.take_over(hash, record);
    }
    return exit_code;
}

std::shared_ptr<const KnownKey> Instance::find_configured(const KeyHash& hash) const {
    const auto found = configured_.find(hash);
    return found == configured_.end() ? nullptr : found->second;
}

Verdict Instance::judge(Exchange& exchange, Caller& caller, std::string_view sent) {
    const KeyHash hash = hasher_.of(sent);
    if (auto key = find_configured(hash)) {
        exchange.remove_request_header("authorization");
        return accept(exchange, caller, std::move(key));
    }
    // From here on a copy: the header goes away, and with it what `sent` shows.
    const std::string key(sent);
    exchange.remove_request_header("authorization");
    if (verifier_ != nullptr && looks_like_token(key)) return judge_token(exchange, caller, key, hash);
    switch (managed_ != nullptr ? form_of_key(key) : KeyForm::kForeign) {
        case KeyForm::kWhole: return judge_managed(exchange, caller, key, hash);
        case KeyForm::kDamaged: return deny(exchange, damaged_key(masked_if_key(key)));
        case KeyForm::kForeign: break;
    }
    return deny(exchange, unknown_key(masked_if_key(key)));
}

// What waits does not listen for the client's leaving: the store answers within its time limit, and until then the
// exchange is valid.
Verdict Instance::judge_managed(Exchange& exchange, Caller& caller, std::string_view key, const KeyHash& hash) {
    const Loop loop = loops_.of(exchange);
    if (const auto answer = managed_->keys.recall(hash, loop)) {
        return settle_managed(exchange, caller, *answer, answer->key ? std::string() : masked(key));
    }
    managed_->keys.ask(
        hash, loop,
        [this, kept = exchange, &caller, shown = masked(key)](const ManagedKeys::Answer& answer) mutable noexcept {
            const Verdict verdict = settle_managed(kept, caller, answer, shown);
            if (verdict != Verdict::kPending) kept.resume(verdict);
        });
    return Verdict::kPending;
}

Verdict Instance::settle_managed(Exchange& exchange, Caller& caller, const ManagedKeys::Answer& answer,
                                 std::string_view masked) {
    if (answer.has_failed) return deny(exchange, unavailable());
    return answer.key == nullptr ? deny(exchange, unknown_key(std::string(masked)))
                                 : accept(exchange, caller, answer.key);
}

Verdict Instance::judge_token(Exchange& exchange, Caller& caller, std::string_view token, const KeyHash& hash) {
    const auto known = tokens_.find(hash);
    if (known && clock_.monotonic() - known->confirmed <= trusted_ && !known->key->is_expired(clock_.unix_time())) {
        return accept(exchange, caller, known->key);
    }
    verifier_->verify(std::string(token), loops_.of(exchange),
                      [this, kept = exchange, &caller, hash](Verified verified) mutable noexcept {
                          const Verdict verdict = settle_token(kept, caller, hash, std::move(verified));
                          if (verdict != Verdict::kPending) kept.resume(verdict);
                      });
    return Verdict::kPending;
}

Verdict Instance::settle_token(Exchange& exchange, Caller& caller, const KeyHash& hash, Verified&& verified) {
    if (const auto* refused = std::get_if<TokenRefused>(&verified)) {
        return deny(exchange, refused_token(refused->reason));
    }
    if (std::holds_alternative<TokenUnjudged>(verified)) return deny(exchange, unavailable());
    auto& identity = std::get<TokenIdentity>(verified);
    auto key = std::make_shared<KnownKey>();
    key->owner = std::move(identity.id);
    key->masked = std::move(identity.masked);
    key->expires = identity.expires;
    tokens_.put(hash, {key, clock_.monotonic(), {}});
    return accept(exchange, caller, std::move(key));
}

Verdict Instance::accept(Exchange& exchange, Caller& caller, std::shared_ptr<const KnownKey> key) {
    if (key->revoked.count() != 0) return deny(exchange, revoked_key(key->masked));
    if (key->expires.count() != 0 && key->is_expired(clock_.unix_time())) {
        return deny(exchange, expired_key(key->masked));
    }
    if (!describe(exchange, *key)) {
        log_.error("the key " + key->masked + " of " + key->owner +
                   " is refused: its owner, its limits or its models are longer than 1024 bytes, or there are 16 "
                   "attributes already");
        return exchange.refuse(Error("internal_error", "The settings of the API key cannot be applied."));
    }
    if (!key->routes.empty() && !matches_any_pattern(key->routes, exchange.request().path())) {
        decisions_.note_forbidden(exchange, *key, "the route " + std::string(exchange.request().path()));
        return exchange.refuse(
            not_allowed("The API key is not allowed this route. Allowed: " + joined_patterns(key->routes)));
    }
    decisions_.note_accepted(exchange, *key);
    caller.key = std::move(key);
    return Verdict::kContinue;
}

Verdict Instance::deny(Exchange& exchange, Denial denial) {
    const Loop loop = loops_.of(exchange);
    const auto is_needed = needs_key(loop);
    if (is_needed && !*is_needed) {
        decisions_.note_anonymous();
        return Verdict::kContinue;
    }
    if (is_needed) return refuse(exchange, denial);
    managed_->presence.ask(
        loop, [this, kept = exchange, denied = std::move(denial)](KeyPresence::State state) mutable noexcept {
            if (state == KeyPresence::State::kNone) decisions_.note_anonymous();
            kept.resume(state == KeyPresence::State::kNone ? Verdict::kContinue : refuse(kept, denied));
        });
    return Verdict::kPending;
}

Verdict Instance::refuse(Exchange& exchange, const Denial& denial) {
    decisions_.note_denied(exchange, denial);
    if (denial.kind != Denial::Kind::kUnavailable) exchange.set_response_header("WWW-Authenticate", "Bearer");
    return exchange.refuse(denial.to_error());
}

std::optional<bool> Instance::needs_key(Loop loop) {
    if (require_ != Require::kAuto) return require_ == Require::kAlways;
    if (!configured_.empty() || verifier_ != nullptr) return true;
    if (managed_ == nullptr) return false;
    if (!managed_->presence.is_settled(loop)) return std::nullopt;
    return managed_->presence.state() != KeyPresence::State::kNone;
}

}  // namespace sluice::auth
