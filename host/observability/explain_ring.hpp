#pragma once

#include "observability/record_ring.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::observability {

/// The records of the last requests, and of as many that failed, to be asked about: where most requests go well, those
/// that did not would soon be gone. [any-thread]
class ExplainRing {
public:
    /// Keeps `capacity` records of each kind; with 0 none.
    explicit ExplainRing(std::size_t capacity) : all_(capacity), failed_(capacity) {}

    /// Takes a copy, or two. Never throws.
    void keep(const RequestRecord& record) noexcept {
        all_.keep(record);
        if (record.is_failed()) failed_.keep(record);
    }

    /// Those of the requests with this id, newest first, at most `most`: of the last ones, or else of those that
    /// failed.
    std::vector<KeptRecord> find(std::string_view request_id, std::size_t most) const {
        auto found = all_.find(request_id, most);
        return found.empty() ? failed_.find(request_id, most) : found;
    }
    /// The last requests that failed, newest first, at most `most`.
    std::vector<KeptRecord> failed(std::size_t most) const { return failed_.last(most); }

    std::size_t capacity() const noexcept { return all_.capacity(); }
    /// How many records of last requests are kept.
    std::size_t size() const noexcept { return all_.size(); }

private:
    RecordRing all_;
    RecordRing failed_;
};

}  // namespace sluice::observability
