#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::routing {

/// Rendezvous hashing: a key meets each target with a score, and goes where it is highest. When a target goes, only its
/// keys move; when one comes, only the keys that it gets. The same in every process and every gateway.
class RendezvousKey {
public:
    explicit RendezvousKey(std::string_view text) noexcept;

    /// Of all keys, targets get shares as their weights say. Above 0 for weights above 0.
    double score(std::string_view target, std::uint32_t weight) const noexcept;

private:
    std::uint64_t hash_;
};

}  // namespace sluice::routing
