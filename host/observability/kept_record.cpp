#include "observability/kept_record.hpp"

#include <algorithm>

namespace sluice::observability {
namespace {

/// Calls `visit` for every text of the record, the most telling ones first.
template <class Visit>
void for_each_text(RequestRecord& record, std::vector<VerdictRecord>& verdicts, std::vector<AttemptRecord>& attempts,
                   Visit visit) {
    for (std::string_view* text :
         {&record.request_id, &record.method, &record.path, &record.error_code, &record.ended_by, &record.phase,
          &record.route, &record.backend_mode, &record.model, &record.masked_key, &record.session_id}) {
        visit(*text);
    }
    for (VerdictRecord& verdict : verdicts) visit(verdict.name);
    for (AttemptRecord& attempt : attempts) {
        for (std::string_view* text : {&attempt.target, &attempt.outcome, &attempt.reason, &attempt.model}) {
            visit(*text);
        }
    }
}

}  // namespace

KeptRecord& KeptRecord::operator=(const KeptRecord& other) {
    if (this != &other) assign(other.record_);
    return *this;
}

void KeptRecord::assign(const RequestRecord& record) {
    // Empty while memory is asked for: a record that could not be taken leaves nothing behind.
    record_ = {};
    const auto attempts = record.attempts.first(std::min(record.attempts.size(), RequestRecord::kMaxAttempts));
    const auto verdicts = record.verdicts.first(std::min(record.verdicts.size(), kMaxVerdicts));
    attempts_.assign(attempts.begin(), attempts.end());
    verdicts_.assign(verdicts.begin(), verdicts.end());
    RequestRecord kept = record;
    kept.path = logged_path(record.path);
    std::size_t bytes = 0;
    for_each_text(kept, verdicts_, attempts_, [&](std::string_view& text) {
        text = text.substr(0, std::min(kMaxOneTextBytes, kMaxTextBytes - bytes));
        bytes += text.size();
    });
    if (bytes > text_.size()) text_.resize(bytes);
    char* end = text_.data();
    for_each_text(kept, verdicts_, attempts_, [&](std::string_view& text) {
        const char* const begin = end;
        end = std::copy(text.begin(), text.end(), end);
        text = {begin, text.size()};
    });
    kept.attempts = attempts_;
    kept.verdicts = verdicts_;
    record_ = kept;
}

}  // namespace sluice::observability
