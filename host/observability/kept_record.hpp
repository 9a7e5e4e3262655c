#pragma once

#include "observability/request_record.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::observability {

/// A RequestRecord that owns its text and lists. What is assigned later takes their memory over.
class KeptRecord {
public:
    /// All texts of one record together; what does not fit is cut off, the attempts' first.
    static constexpr std::size_t kMaxTextBytes = 4096;
    static constexpr std::size_t kMaxOneTextBytes = 512;
    static constexpr std::size_t kMaxVerdicts = 32;

    KeptRecord() = default;
    KeptRecord(const KeptRecord& other) { assign(other.record_); }
    KeptRecord& operator=(const KeptRecord& other);

    void assign(const RequestRecord& record);
    /// Valid until the next change.
    const RequestRecord& get() const noexcept { return record_; }

private:
    RequestRecord record_;
    std::string text_;  ///< only grows
    std::vector<AttemptRecord> attempts_;
    std::vector<VerdictRecord> verdicts_;
};

}  // namespace sluice::observability
