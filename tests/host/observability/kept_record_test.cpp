#include "observability/kept_record.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "full_record.hpp"

using namespace sluice::observability;

namespace {

std::string json(const RequestRecord& record) {
    std::string text;
    append_request_json(record, text);
    return text;
}

}  // namespace

TEST_CASE("a kept record outlives what it was made from", "[observability][unit]") {
    KeptRecord kept;
    std::string expected;
    {
        auto id = std::make_unique<std::string>("an id that is longer than what a string holds in place");
        FullRecord full;
        full.record.request_id = *id;
        expected = json(full.record);
        kept.assign(full.record);
        id->assign(id->size(), 'x');
    }
    CHECK(json(kept.get()) == expected);
}

TEST_CASE("a copy of a kept record stands for itself", "[observability][unit]") {
    auto first = std::make_unique<KeptRecord>();
    first->assign(FullRecord().record);
    const std::string expected = json(first->get());
    const KeptRecord second(*first);
    KeptRecord third;
    third.assign({});
    third = second;
    first->assign({});
    first.reset();
    CHECK(json(second.get()) == expected);
    CHECK(json(third.get()) == expected);
}

TEST_CASE("a record leaves nothing of the one before it", "[observability][unit]") {
    KeptRecord kept;
    kept.assign(FullRecord().record);
    kept.assign({});
    CHECK(json(kept.get()) == json({}));
}

TEST_CASE("a kept record is bounded whatever a client sends", "[observability][unit]") {
    const std::string huge(100'000, 'a');
    FullRecord full;
    full.attempts.resize(100, full.attempts[0]);
    full.verdicts.resize(100, full.verdicts[0]);
    for (AttemptRecord& attempt : full.attempts) attempt.model = attempt.outcome = huge;
    full.record.attempts = full.attempts;
    full.record.verdicts = full.verdicts;
    full.record.path = full.record.model = full.record.session_id = huge;
    KeptRecord kept;
    kept.assign(full.record);
    const RequestRecord& record = kept.get();
    CHECK(record.attempts.size() == RequestRecord::kMaxAttempts);
    CHECK(record.verdicts.size() == KeptRecord::kMaxVerdicts);
    CHECK(record.request_id == "req-1");
    CHECK(record.model.size() == KeptRecord::kMaxOneTextBytes);
    std::size_t bytes = record.path.size() + record.model.size() + record.session_id.size();
    for (const AttemptRecord& attempt : record.attempts) {
        bytes += attempt.target.size() + attempt.model.size() + attempt.outcome.size();
    }
    CHECK(bytes > KeptRecord::kMaxTextBytes / 2);
    CHECK(bytes <= KeptRecord::kMaxTextBytes);
}

TEST_CASE("the query of a path is not kept", "[observability][unit]") {
    KeptRecord kept;
    kept.assign(FullRecord().record);
    CHECK(kept.get().path == "/v1/chat/completions");
}
