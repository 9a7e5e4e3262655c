#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::routing {

/// What went wrong with an attempt, as far as it decides about the next one.
enum class FailureKind : std::uint8_t {
    kConnect,       ///< the upstream has not begun to answer: no connection, or reset before the head
    kTimeout,       ///< it was silent for too long
    kRateLimit,     ///< 429
    kServerError,   ///< 5xx, or an answer that is none
    kAuth,          ///< 401 or 403: the key of the target
    kClientError,   ///< any other 4xx: the request itself
    kCut,           ///< an answer that had begun broke off
    kCircuitOpen,   ///< not asked: it has failed too often lately
    kBusy,          ///< not asked: as many calls as it may have are under way
    kContextLength  ///< the request is too long for the model
};
inline constexpr std::size_t kFailureKinds = 10;

struct Failure {
    FailureKind kind = FailureKind::kServerError;
    int status = 0;  ///< as a client would get it
    std::string code;
    std::uint32_t retry_after_ms = 0;  ///< 0: nothing was said

    /// The kind of an error answer by its status and code.
    static FailureKind kind_of(int status, std::string_view code) noexcept;
};

/// Which failures a route's `on` names; see config::kFailureWords.
class FailureFilter {
public:
    /// `words` have passed the checks of the loader; none: `usual`.
    FailureFilter(const std::vector<std::string>& words, std::vector<FailureKind> usual);

    bool matches(const Failure& failure) const noexcept;
    /// What it names, as `on` would: kinds, then statuses, then codes.
    std::vector<std::string> words() const;

private:
    std::uint32_t kinds_ = 0;  ///< a bit each
    std::vector<int> statuses_;
    std::vector<std::string> codes_;
};

std::string_view name_of(FailureKind kind) noexcept;

}  // namespace sluice::routing
