#include "jwt/token_verifier.hpp"

#include <algorithm>
#include <utility>

#include "jwt/base64url.hpp"
#include "jwt/claims.hpp"
#include "jwt/compact_token.hpp"
#include "jwt/jwt_config.hpp"
#include "jwt/key_file.hpp"
#include "jwt/key_keeper.hpp"
#include "jwt/key_url.hpp"
#include "sluice/cpp/clock.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth {
namespace {

using jwt::Refusal;

constexpr std::chrono::milliseconds kFilePace{1'000};
constexpr std::chrono::milliseconds kUrlGap{5'000};
// Beyond the time limit of the fetch itself, so that its own word on what went wrong comes first.
constexpr std::chrono::milliseconds kMorePatience{250};

TokenRefused refused(Refusal refusal) { return TokenRefused{std::string(jwt::reason_of(refusal))}; }

// Never the id of a managed key, whatever the issuer puts into its claim; a log shows the first characters only.
TokenIdentity identity_of(const jwt::TokenHolder& holder) {
    std::size_t shown = std::min<std::size_t>(4, holder.id.size() / 2);
    while (shown > 0 && (static_cast<unsigned char>(holder.id[shown]) & 0xc0) == 0x80) --shown;
    const auto expires = std::chrono::duration_cast<std::chrono::milliseconds>(holder.expires.time_since_epoch());
    return TokenIdentity{"jwt:" + holder.id, "jwt:" + holder.id.substr(0, shown) + "***", expires};
}

std::unique_ptr<jwt::KeyDocument> document_of(const jwt::JwtConfig& config) {
    if (!config.jwks_file.empty()) return std::make_unique<jwt::KeyFile>(config.jwks_file);
    return std::make_unique<jwt::KeyUrl>(config.jwks_url, config.fetch_timeout);
}

// A file that cannot be read is a mistake in the configuration; a server may come up later.
std::shared_ptr<const jwt::JwkSet> first_keys_of(const jwt::JwtConfig& config) {
    if (config.jwks_file.empty()) return nullptr;
    std::string problem;
    const auto content = jwt::KeyFile(config.jwks_file).read(true, problem);
    auto keys = content ? jwt::JwkSet::parse(content->text, problem) : std::nullopt;
    if (!keys) throw Error("internal_error", "jwt.jwks_file: " + problem);
    return std::make_shared<const jwt::JwkSet>(std::move(*keys));
}

class JwtVerifier final : public TokenVerifier {
public:
    JwtVerifier(Host host, const sluice_host* raw, jwt::JwtConfig config)
        : config_(std::move(config)),
          clock_(raw),
          loops_(raw),
          keeper_(document_of(config_), first_keys_of(config_), pace(), host.log()) {}
    JwtVerifier(const JwtVerifier&) = delete;
    JwtVerifier& operator=(const JwtVerifier&) = delete;
    ~JwtVerifier() override {
        keeper_.stop();
        // Behind the answers that were posted before.
        loops_.run_on_each([](Loop) noexcept {});
    }

    void verify(std::string token, Loop loop, Done done) override {
        bool wants_newer = false;
        Verified verdict = judge(token, wants_newer);
        if (!wants_newer) return done(std::move(verdict));
        auto pending = std::make_shared<Pending>(std::move(token), loop, std::move(done));
        const auto newer =
            keeper_.wait_for_newer([this, pending](bool is_newest) { answer_later(pending, is_newest); });
        if (newer == jwt::KeyKeeper::Newer::kComing) return;
        // Not by the first verdict: a read may have ended since.
        pending->done(judge_finally(pending->token, newer == jwt::KeyKeeper::Newer::kNone));
    }

private:
    struct Pending {
        Pending(std::string waiting, Loop on, Done then) : token(std::move(waiting)), loop(on), done(std::move(then)) {}

        void answer() noexcept {
            const auto kept = std::move(self);
            done(std::move(verdict));
        }

        const std::string token;
        const Loop loop;
        const Done done;
        Verified verdict;
        std::shared_ptr<Pending> self;  // while it is posted
    };

    jwt::KeyKeeper::Pace pace() const {
        const auto patience = config_.fetch_timeout + kMorePatience;
        return config_.jwks_file.empty() ? jwt::KeyKeeper::Pace{config_.refresh, kUrlGap, patience}
                                         : jwt::KeyKeeper::Pace{kFilePace, kFilePace, patience};
    }

    void answer_later(const std::shared_ptr<Pending>& pending, bool is_newest) const {
        pending->verdict = judge_finally(pending->token, is_newest);
        pending->self = pending;
        // A loop that takes nothing any more has no thread that an answer on this one could meet.
        if (pending->loop.post<&Pending::answer>(pending.get()) != SLUICE_OK) pending->answer();
    }

    Verified judge_finally(const std::string& token, bool is_newest) const {
        bool wants_newer = false;
        Verified verdict = judge(token, wants_newer);
        if (wants_newer && !is_newest) return TokenUnjudged{"the key set cannot be read now"};
        return verdict;
    }

    // `wants_newer`: another key set could lead to another verdict.
    Verified judge(const std::string& text, bool& wants_newer) const {
        jwt::CompactToken token;
        if (const auto refusal = jwt::read_compact_token(text, token)) return refused(*refusal);
        const auto& allowed = config_.algorithms;
        if (std::find(allowed.begin(), allowed.end(), token.algorithm) == allowed.end()) {
            return refused(Refusal::kAlgorithmNotAllowed);
        }
        const auto keys = keeper_.keys();
        wants_newer = keys == nullptr;
        if (wants_newer) return TokenUnjudged{"there is no key set yet"};
        const auto found = keys->find(token.key_id, *token.algorithm);
        if (const Refusal* refusal = std::get_if<Refusal>(&found)) {
            wants_newer = *refusal == Refusal::kUnknownKey;
            return refused(*refusal);
        }
        if (!std::get<const jwt::VerificationKey*>(found)->verifies(token)) return refused(Refusal::kWrongSignature);
        const auto payload = jwt::decode_base64url(token.payload);
        if (!payload) return refused(Refusal::kMalformed);
        const std::chrono::system_clock::time_point now(clock_.unix_time());
        const auto holder = jwt::judge_claims(*payload, config_.rules, now);
        if (const Refusal* refusal = std::get_if<Refusal>(&holder)) return refused(*refusal);
        return identity_of(std::get<jwt::TokenHolder>(holder));
    }

    const jwt::JwtConfig config_;
    const Clock clock_;
    const Loops loops_;
    jwt::KeyKeeper keeper_;
};

}  // namespace

std::unique_ptr<TokenVerifier> make_token_verifier(Host host, std::string_view config_json) {
    jwt::JwtConfig config = jwt::parse_jwt_config(config_json);
    if (host.is_probe()) {
        static_cast<void>(document_of(config));
        static_cast<void>(first_keys_of(config));
        return nullptr;
    }
    return std::make_unique<JwtVerifier>(host, host.raw(), std::move(config));
}

}  // namespace sluice::auth
