#include "server_keys.hpp"

#include <string_view>
#include <utility>

#include "abi_text.hpp"

namespace sluice::openai {
namespace {

// Shorter keys have too little that would stay unknown.
constexpr std::size_t kShortestShown = 20;
constexpr std::size_t kShownCharacters = 4;

double difference(std::size_t now, std::size_t before) {
    return static_cast<double>(now) - static_cast<double>(before);
}

std::uint64_t in_ms(std::chrono::milliseconds time) { return static_cast<std::uint64_t>(time.count()); }

// As the log may show it: "api_keys[2] (...wXyZ)".
std::string shown(const ServerKey& key) {
    if (key.text.size() < kShortestShown) return key.name;
    return key.name + " (..." + key.text.substr(key.text.size() - kShownCharacters) + ")";
}

}  // namespace

ServerKeys::ServerKeys(const HostServices& services, const Config& config, const Metrics& metrics)
    : services_(services), config_(config), metrics_(metrics) {
    const std::size_t count = config.auth == Auth::kNone ? 0 : config.server_keys.size();
    if (count > 1) pool_.emplace(count, KeyPool::Rules{in_ms(config.key_cooldown), in_ms(config.key_retry)});
    show_counts({count, 0, 0});
}

// Rationale: differences, taken back here. While a reload drains, the next instance of the same name counts into the
// same series.
ServerKeys::~ServerKeys() { show_counts({}); }

std::optional<UpstreamKey> ServerKeys::take(std::uint64_t now_ns, std::uint64_t& wait_ms) {
    if (!pool_) {
        const bool has_key = !config_.server_keys.empty();
        return UpstreamKey::of_server(has_key ? std::string_view(config_.server_keys.front().text) : "");
    }
    const KeyPool::Turn turn = pool_->take(now_ns);
    if (turn.has_key) return UpstreamKey::of_pool(config_.server_keys[turn.index].text, *pool_, turn);
    wait_ms = turn.wait_ms;
    return std::nullopt;
}

Failure ServerKeys::shortage(std::uint64_t wait_ms) {
    if (wait_ms == 0) {
        return unanswered_failure("the upstream has refused every key of this backend, with status 401 or 403");
    }
    Failure failure{"rate_limit_exceeded", "every key of this backend has reached its rate limit at the upstream"};
    failure.retry_after_ms = static_cast<std::uint32_t>(wait_ms);
    failure.flags = SLUICE_ERROR_UNANSWERED;
    return failure;
}

bool ServerKeys::judge(UpstreamKey& key, const ResponseHead& head, std::uint64_t now_ns) {
    const std::uint64_t retry_after_ms = head.status == 429 ? head.retry_after_in_ms() : 0;
    const KeyChange change = key.judge(head.status, retry_after_ms, now_ns);
    if (change == KeyChange::kNone) return false;
    log_change(key.index(), change, head.status);
    return true;
}

std::uint64_t ServerKeys::show(std::uint64_t now_ns) {
    if (!pool_) return 0;
    // Counted under the lock, so that the last to show them shows the latest.
    const std::lock_guard lock(shown_mutex_);
    show_counts(pool_->counts(now_ns));
    return pool_->first_rest_ms(now_ns);
}

bool ServerKeys::are_all_retired(std::uint64_t now_ns) const {
    return pool_ && pool_->counts(now_ns).retired == config_.server_keys.size();
}

void ServerKeys::show_counts(const KeyCounts& counts) {
    metrics_.add_keys(KeyState::kUsable, difference(counts.usable, shown_.usable));
    metrics_.add_keys(KeyState::kResting, difference(counts.resting, shown_.resting));
    metrics_.add_keys(KeyState::kRetired, difference(counts.retired, shown_.retired));
    shown_ = counts;
}

void ServerKeys::log_change(std::size_t index, KeyChange change, int status) const {
    if (services_.log == nullptr) return;
    std::string line = "the key " + shown(config_.server_keys[index]);
    const std::string reason = ": the upstream answered with status " + std::to_string(status);
    sluice_log_level level = SLUICE_LOG_INFO;
    switch (change) {
        case KeyChange::kNone: return;
        case KeyChange::kRests: line += " rests" + reason; break;
        case KeyChange::kRestored: line += " is used again" + reason; break;
        case KeyChange::kRetired:
            level = SLUICE_LOG_WARN;
            line +=
                " is retired" + reason + "; it is tried again in " + std::to_string(config_.key_retry.count()) + " ms";
            break;
    }
    services_.log->write(services_.host, level, to_abi(line));
}

}  // namespace sluice::openai
