// Requests that wait for a slot.
#include "limited_gateway.hpp"

#include <memory>
#include <vector>

namespace sluice::ratelimit {
namespace {

constexpr std::string_view kOneAtATime =
    R"({"limits":[{"per":"global","concurrent":1,"queue_ms":1000,"queue_length":3}]})";
const std::string kKey = "limits/global/concurrent|";

std::unique_ptr<Visit> visit_of(Gateway& gateway, const std::string& owner) {
    auto visit = std::make_unique<Visit>(gateway);
    visit->exchange.set_attribute("key.id", owner);
    return visit;
}

// The owners of those that wait, in the order in which slots come to them.
std::string order_of(Gateway& gateway, Visit& running,
                     std::vector<std::pair<std::string, std::unique_ptr<Visit>>> waiting) {
    running.complete();
    std::string order;
    while (!waiting.empty()) {
        bool any = false;
        for (auto each = waiting.begin(); each != waiting.end() && !any; ++each) {
            if (each->second->resumed() != Verdict::kContinue) continue;
            any = true;
            order += each->first + " ";
            each->second->complete();
            waiting.erase(each);
            break;
        }
        gateway.host.loop().run_ready();
        if (!any) return order + "...";
    }
    return order;
}

std::string served(const std::vector<std::string>& owners) {
    Gateway gateway(R"({"limits":[{"per":"global","concurrent":1,"queue_ms":1000}]})");
    Visit running(gateway);
    CHECK(running.passes_head());
    std::vector<std::pair<std::string, std::unique_ptr<Visit>>> waiting;
    for (const std::string& owner : owners) {
        waiting.emplace_back(owner, visit_of(gateway, owner.substr(0, 1)));
        CHECK(waiting.back().second->head() == Verdict::kPending);
    }
    const std::string order = order_of(gateway, running, std::move(waiting));
    CHECK(gateway.host.metrics().value("requests_waiting") == 0);
    CHECK(gateway.host.breaches().text() == "");
    return order;
}

}  // namespace

TEST_CASE("a request waits for a slot and gets it as soon as it is free", "[ratelimit][unit]") {
    Gateway gateway(kOneAtATime);
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    gateway.host.loop().run_ready();
    CHECK(waiting.resumed() == Verdict::kPending);
    CHECK(gateway.host.metrics().value("requests_waiting") == 1);
    running.complete();
    CHECK(waiting.resumed() == Verdict::kContinue);
    CHECK(gateway.host.metrics().value("requests_waiting") == 0);
    CHECK(gateway.host.metrics().value("requests_queued_total") == 1);
    CHECK(gateway.taken(kKey) == 1);
    waiting.complete();
    CHECK(gateway.taken(kKey) == 0);
}

TEST_CASE("those of one owner are served in the order in which they came", "[ratelimit][unit]") {
    CHECK(served({"a1", "a2", "a3"}) == "a1 a2 a3 ");
}

TEST_CASE("owners have their turns one after the other", "[ratelimit][unit]") {
    CHECK(served({"a1", "a2", "a3", "b1", "c1", "b2"}) == "a1 b1 c1 a2 b2 a3 ");
}

TEST_CASE("who waits in vain is refused in time", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":9},{"per":"global","concurrent":1,"queue_ms":130}]})");
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    gateway.host.advance(129ms);
    CHECK(waiting.resumed() == Verdict::kPending);
    gateway.host.advance(1ms);
    CHECK(waiting.resumed() == Verdict::kRefuse);
    CHECK(
        waiting.message() ==
        "Rate limit reached: 1 request at a time for all clients together. No turn came within 130 ms. Retry in 1 s.");
    CHECK(gateway.host.metrics().value("requests_timed_out_total") == 1);
    CHECK(gateway.taken("limits/address/requests/60000|127.0.0.1") == 1);
    CHECK(gateway.taken(kKey) == 1);
}

TEST_CASE("a queue that is full refuses at once", "[ratelimit][unit]") {
    Gateway gateway(kOneAtATime);
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit first(gateway);
    Visit second(gateway);
    Visit third(gateway);
    for (Visit* each : {&first, &second, &third}) CHECK(each->head() == Verdict::kPending);
    Visit refused(gateway);
    CHECK(refused.head() == Verdict::kRefuse);
    CHECK(refused.message() ==
          "Rate limit reached: 1 request at a time for all clients together. 3 requests wait already. Retry in 1 s.");
    for (Visit* each : {&first, &second, &third}) each->leave();
}

TEST_CASE("who comes later does not overtake those who wait", "[ratelimit][unit]") {
    Gateway gateway(kOneAtATime);
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    gateway.host.loop().run_ready();
    running.complete_unheard();
    Visit later(gateway);
    CHECK(later.head() == Verdict::kPending);
    gateway.host.advance(900ms);
    CHECK(waiting.resumed() == Verdict::kPending);
    CHECK(later.resumed() == Verdict::kPending);
    waiting.leave();
    later.leave();
}

TEST_CASE("a slot that another gateway frees is found within a moment", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"global","concurrent":1,"queue_ms":60000,"lease_ms":1000}]})");
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    gateway.host.loop().run_ready();
    running.complete_unheard();
    gateway.host.advance(900ms);
    CHECK(waiting.resumed() == Verdict::kPending);
    gateway.host.advance(151ms);
    CHECK(waiting.resumed() == Verdict::kContinue);
}

TEST_CASE("a client that leaves leaves the queue at once and what it took", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":9},{"per":"global","concurrent":1,"queue_ms":1000}]})");
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit leaving(gateway);
    Visit staying(gateway);
    CHECK(leaving.head() == Verdict::kPending);
    CHECK(staying.head() == Verdict::kPending);
    CHECK(gateway.taken("limits/address/requests/60000|127.0.0.1") == 3);
    leaving.leave();
    CHECK(leaving.resumed() == Verdict::kRefuse);
    CHECK(gateway.taken("limits/address/requests/60000|127.0.0.1") == 2);
    CHECK(gateway.host.metrics().value("requests_waiting") == 1);
    running.complete();
    CHECK(staying.resumed() == Verdict::kContinue);
    gateway.host.advance(2s);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("a client that leaves just when it gets its slot takes nothing from others", "[ratelimit][unit]") {
    Gateway gateway(kOneAtATime);
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    waiting.exchange.cancel_upon_resume();
    running.complete();
    CHECK(waiting.resumed() == Verdict::kContinue);
    CHECK(gateway.taken(kKey) == 1);
    CHECK(gateway.host.breaches().text() == "");
    waiting.complete();
    CHECK(gateway.taken(kKey) == 0);
}

TEST_CASE("while it waits a request holds no slot of a later limit", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"global","concurrent":1,"queue_ms":1000},
        {"per":"key","concurrent":1,"queue_ms":1000}]})");
    const std::string key = "limits/key/concurrent|k:";
    const auto first = visit_of(gateway, "a");
    CHECK(first->passes_head());
    const auto second = visit_of(gateway, "b");
    CHECK(second->head() == Verdict::kPending);
    CHECK(gateway.taken(key + "b") == 0);
    first->complete();
    CHECK(second->resumed() == Verdict::kContinue);
    CHECK(gateway.taken(key + "b") == 1);
    second->complete();
    CHECK(gateway.taken(key + "b") == 0);
    CHECK(gateway.taken(kKey) == 0);
}

TEST_CASE("the slots of a request that waits for another one are renewed", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"lease_ms":3000},
        {"per":"global","concurrent":1,"queue_ms":60000}]})");
    const std::string key = "limits/key/concurrent|k:";
    const auto running = visit_of(gateway, "a");
    CHECK(running->passes_head());
    const auto waiting = visit_of(gateway, "b");
    const auto leaving = visit_of(gateway, "c");
    CHECK(waiting->head() == Verdict::kPending);
    CHECK(leaving->head() == Verdict::kPending);
    for (int i = 0; i < 10; ++i) {
        gateway.host.advance(1s);
        CHECK(gateway.taken(key + "b") == 1);
        CHECK(gateway.taken(key + "c") == 1);
    }
    leaving->leave();
    CHECK(leaving->resumed() == Verdict::kRefuse);
    CHECK(gateway.taken(key + "c") == 0);
    running->complete();
    CHECK(waiting->resumed() == Verdict::kContinue);
    gateway.host.advance(10s);
    CHECK(gateway.taken(key + "b") == 1);
    waiting->complete();
    CHECK(gateway.taken(key + "b") == 0);
    CHECK(gateway.taken(kKey) == 0);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("queues of different clients do not hold up each other", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"queue_ms":1000}]})");
    const auto a = visit_of(gateway, "a");
    const auto waiting = visit_of(gateway, "a");
    const auto b = visit_of(gateway, "b");
    CHECK(a->passes_head());
    CHECK(waiting->head() == Verdict::kPending);
    CHECK(b->passes_head());
    waiting->leave();
}

}  // namespace sluice::ratelimit
