#include "routing/failure.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace sluice::routing {

namespace {

/// In the order of the enumerators, in the words of the configuration.
constexpr std::array<std::string_view, 10> kNames{
    "connect",      "timeout", "rate_limit",   "server_error", "auth",
    "client_error", "cut",     "circuit_open", "busy",         "context_length_exceeded"};
constexpr std::string_view kCodePrefix = "code:";

std::uint32_t bit(FailureKind kind) noexcept { return 1u << static_cast<unsigned>(kind); }

}  // namespace

std::string_view name_of(FailureKind kind) noexcept { return kNames[static_cast<std::size_t>(kind)]; }

FailureKind Failure::kind_of(int status, std::string_view code) noexcept {
    if (code == "context_length_exceeded") return FailureKind::kContextLength;
    if (status == 429) return FailureKind::kRateLimit;
    if (status == 401 || status == 403) return FailureKind::kAuth;
    if (code == "timeout") return FailureKind::kTimeout;
    return status >= 500 ? FailureKind::kServerError : FailureKind::kClientError;
}

FailureFilter::FailureFilter(const std::vector<std::string>& words, std::vector<FailureKind> usual) {
    for (const std::string& word : words) {
        const auto known = std::find(kNames.begin(), kNames.end(), word);
        if (known != kNames.end()) {
            kinds_ |= 1u << static_cast<unsigned>(known - kNames.begin());
        } else if (word.starts_with(kCodePrefix)) {
            codes_.push_back(word.substr(kCodePrefix.size()));
        } else {
            statuses_.push_back(std::stoi(word));
        }
    }
    if (!words.empty()) return;
    for (FailureKind kind : usual) kinds_ |= bit(kind);
}

bool FailureFilter::matches(const Failure& failure) const noexcept {
    if ((kinds_ & bit(failure.kind)) != 0) return true;
    if (std::find(statuses_.begin(), statuses_.end(), failure.status) != statuses_.end()) return true;
    return std::find(codes_.begin(), codes_.end(), failure.code) != codes_.end();
}

std::vector<std::string> FailureFilter::words() const {
    std::vector<std::string> words;
    for (std::size_t kind = 0; kind < kNames.size(); ++kind) {
        if ((kinds_ & (1u << kind)) != 0) words.emplace_back(kNames[kind]);
    }
    for (int status : statuses_) words.push_back(std::to_string(status));
    for (const std::string& code : codes_) words.push_back(std::string(kCodePrefix) + code);
    return words;
}

}  // namespace sluice::routing
