#include "observability/explain_ring.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace sluice::observability;

namespace {

void keep(ExplainRing& ring, const std::string& id, int status = 200, std::uint64_t bytes_in = 0) {
    RequestRecord record;
    record.request_id = id;
    record.status = status;
    record.bytes_in = bytes_in;
    ring.keep(record);
}

std::vector<std::string> ids(const std::vector<KeptRecord>& records) {
    std::vector<std::string> texts;
    for (const KeptRecord& record : records) texts.emplace_back(record.get().request_id);
    return texts;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a request is found by its id", "[observability][unit]") {
    ExplainRing ring(10);
    keep(ring, "a");
    keep(ring, "b", 404);
    const auto found = ring.find("b", 10);
    REQUIRE(found.size() == 1);
    CHECK(found[0].get().status == 404);
    CHECK(ring.find("c", 10).empty());
    CHECK(ring.size() == 2);
}

TEST_CASE("of requests with the same id the newest comes first", "[observability][unit]") {
    ExplainRing ring(10);
    for (std::uint64_t bytes = 1; bytes <= 4; ++bytes) keep(ring, "a", 200, bytes);
    const auto found = ring.find("a", 3);
    REQUIRE(found.size() == 3);
    CHECK(found[0].get().bytes_in == 4);
    CHECK(found[2].get().bytes_in == 2);
}

TEST_CASE("the oldest record makes room", "[observability][unit]") {
    ExplainRing ring(3);
    for (const char* id : {"a", "b", "c", "d", "e"}) keep(ring, id, 500);
    CHECK(ring.size() == 3);
    CHECK(ids(ring.failed(10)) == Ids{"e", "d", "c"});
    CHECK(ring.find("b", 1).empty());
}

TEST_CASE("failed requests are listed without the good ones", "[observability][unit]") {
    ExplainRing ring(10);
    keep(ring, "good");
    keep(ring, "bad", 502);
    keep(ring, "good too");
    keep(ring, "gone", 0);
    CHECK(ids(ring.failed(10)) == Ids{"gone", "bad"});
    CHECK(ids(ring.failed(1)) == Ids{"gone"});
    CHECK(ring.failed(0).empty());
}

TEST_CASE("good requests do not push failed ones out", "[observability][unit]") {
    ExplainRing ring(3);
    for (const char* id : {"bad", "worse"}) keep(ring, id, 502);
    for (int good = 0; good < 10; ++good) keep(ring, "good");
    CHECK(ids(ring.failed(10)) == Ids{"worse", "bad"});
    CHECK(ring.find("bad", 1).size() == 1);
    CHECK(ring.find("good", 10).size() == 3);
    CHECK(ring.size() == 3);
}

TEST_CASE("a ring for nothing keeps nothing", "[observability][unit]") {
    ExplainRing ring(0);
    keep(ring, "a", 500);
    CHECK(ring.capacity() == 0);
    CHECK(ring.size() == 0);
    CHECK(ring.find("a", 1).empty());
    CHECK(ring.failed(1).empty());
}

TEST_CASE("threads that keep and threads that ask never see half a record", "[observability][unit]") {
    constexpr int kLooks = 20'000;
    ExplainRing ring(2);  // small, so that they meet in the same slots
    std::atomic<bool> is_over{false};
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 3; ++writer) {
        writers.emplace_back([&ring, &is_over, writer] {
            for (std::size_t number = 0; !is_over; ++number) {
                // Every text of a record is the same, and the count of its bytes is with it.
                const std::string text(1 + number % 100, static_cast<char>('a' + writer));
                AttemptRecord attempt;
                attempt.target = text;
                RequestRecord record;
                record.request_id = record.model = text;
                record.bytes_in = text.size();
                record.attempts = {&attempt, 1};
                ring.keep(record);
            }
        });
    }
    while (ring.failed(2).size() < 2) std::this_thread::yield();  // until the writers are there
    int halves = 0;
    int seen = 0;
    for (int look = 0; look < kLooks; ++look) {
        for (const KeptRecord& kept : ring.failed(2)) {
            const RequestRecord& record = kept.get();
            const bool is_whole = record.request_id == record.model && record.attempts.size() == 1 &&
                                  record.attempts[0].target == record.request_id &&
                                  record.bytes_in == record.request_id.size();
            halves += is_whole ? 0 : 1;
            ++seen;
        }
    }
    is_over = true;
    for (std::thread& writer : writers) writer.join();
    CHECK(halves == 0);
    CHECK(seen > 0);
    CHECK(ring.failed(100).size() == 2);
}
