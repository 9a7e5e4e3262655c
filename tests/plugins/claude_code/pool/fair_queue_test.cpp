#include "process/fair_queue.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <string>

using namespace sluice::claude_code;

namespace {

struct DeafSeeker final : ProcessSeeker {
    void on_process(CliProcess&) noexcept override {}
    void on_no_process(const sluice::Error&) noexcept override {}
};

struct Line {
    void push(int seeker, const std::string& owner) {
        queue.push({ProcessNeed{"sonnet", "", owner, {}}, &seekers.at(static_cast<std::size_t>(seeker)), {}});
    }
    // The seekers in their order, as digits.
    std::string order() const {
        std::string digits;
        for (const WaitingSeeker* one : queue.in_order()) {
            digits += static_cast<char>('0' + (static_cast<const DeafSeeker*>(one->seeker) - seekers.data()));
        }
        return digits;
    }
    std::array<DeafSeeker, 8> seekers;
    FairQueue queue;
};

}  // namespace

TEST_CASE("owners take turns, and each one's seekers keep their order", "[claude_code][pool][unit]") {
    Line line;
    for (const int seeker : {0, 1, 2}) line.push(seeker, "alice");
    line.push(3, "bob");
    line.push(4, "bob");
    line.push(5, "carol");
    CHECK(line.order() == "035142");
    CHECK(line.queue.count() == 6);
}

TEST_CASE("an owner that was served comes last", "[claude_code][pool][unit]") {
    Line line;
    for (const int seeker : {0, 1, 2}) line.push(seeker, "alice");
    line.push(3, "bob");
    line.queue.take(line.seekers[0]);
    CHECK(line.order() == "312");
    line.queue.take(line.seekers[3]);
    CHECK(line.order() == "12");
    line.push(4, "bob");
    CHECK(line.order() == "142");
}

TEST_CASE("who leaves does not change the order of the others", "[claude_code][pool][unit]") {
    Line line;
    line.push(0, "alice");
    line.push(1, "alice");
    line.push(2, "bob");
    CHECK(line.queue.remove(line.seekers[0]));
    CHECK_FALSE(line.queue.remove(line.seekers[0]));
    CHECK(line.order() == "12");
    CHECK(line.queue.find(line.seekers[0]) == nullptr);
    CHECK(line.queue.find(line.seekers[2])->need.owner == "bob");
}

TEST_CASE("a preferred seeker comes before all owners", "[claude_code][pool][unit]") {
    Line line;
    line.push(0, "alice");
    line.push(1, "bob");
    line.push(2, "bob");
    line.queue.prefer(line.seekers[2]);
    line.queue.prefer(line.seekers[7]);
    CHECK(line.order() == "201");
    line.queue.take(line.seekers[2]);
    CHECK(line.order() == "01");
}
