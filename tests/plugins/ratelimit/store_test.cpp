// A store that is down, slow, or forgets.
#include "limited_gateway.hpp"

#include <functional>

namespace sluice::ratelimit {
namespace {

constexpr std::string_view kTwoLimits = R"({"limits":[{"per":"address","requests":3},{"per":"key","concurrent":2}]})";
const std::string kRequests = "limits/address/requests/60000|127.0.0.1";
const std::string kSlots = "limits/key/concurrent|a:127.0.0.1";

std::size_t lines_with(FakeHost& host, const std::string& words) {
    std::size_t count = 0;
    for (const auto& line : host.log().lines()) count += line.message.find(words) != std::string::npos ? 1 : 0;
    return count;
}

// An instance that is gone before its host, and a request that it has let through.
class PassingInstance {
public:
    explicit PassingInstance(FakeHost& host)
        : instance_(host, testing::table_of<sluice_middleware_api>(sluice_plugin_query(1, 0), SLUICE_MIDDLEWARE_ID),
                    R"({"limits":[{"per":"key","concurrent":1,"lease_ms":3000}]})"),
          exchange_(host, FakeRequest()) {
        exchange_.enter(FakeExchange::Phase::kHead);
        CHECK(instance_.table().on_head(instance_.handle(), &slot_, exchange_.raw(), &FakeExchange::table()) ==
              SLUICE_CONTINUE);
    }

    void complete() {
        sluice_summary summary{};
        summary.struct_size = sizeof(summary);
        instance_.table().on_complete(instance_.handle(), slot_, &summary);
    }

private:
    testing::LoadedInstance<sluice_middleware_api, sluice_middleware> instance_;
    FakeExchange exchange_;
    void* slot_ = nullptr;
};

}  // namespace

TEST_CASE("requests pass uncounted while the store fails", "[ratelimit][unit]") {
    Gateway gateway(kTwoLimits);
    gateway.host.store().go_down();
    for (int i = 0; i < 5; ++i) {
        Visit visit(gateway);
        CHECK(visit.passes_head());
        CHECK(visit.header("X-RateLimit-Limit") == "none");
    }
    gateway.host.store().come_up();
    CHECK(gateway.host.metrics().value("store_failures_total") == 10);
    CHECK(lines_with(gateway.host, "the store fails; requests are let through uncounted") == 1);
    CHECK(Visit(gateway).passes_head());
    CHECK(Visit(gateway).passes_head());
    CHECK(lines_with(gateway.host, "the store works again") == 1);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("requests are refused while the store fails where that is configured", "[ratelimit][unit]") {
    Gateway gateway(R"({"when_store_fails":"refuse","limits":[{"per":"address","requests":3}]})");
    gateway.host.store().go_down();
    Visit visit(gateway);
    CHECK(visit.head() == Verdict::kRefuse);
    CHECK(visit.exchange.error()->code == "backend_unavailable");
    CHECK(lines_with(gateway.host, "requests are refused until it works again: the store is down") == 1);
    gateway.host.store().come_up();
    CHECK(Visit(gateway).passes_head());
}

TEST_CASE("a store that cannot be opened refuses the configuration", "[ratelimit][unit]") {
    FakeHost host;
    host.store().refuse_open("store.namespaces.ratelimit: no such store");
    const auto& table = testing::table_of<sluice_middleware_api>(sluice_plugin_query(1, 0), SLUICE_MIDDLEWARE_ID);
    using Instance = testing::LoadedInstance<sluice_middleware_api, sluice_middleware>;
    CHECK_THROWS_WITH(Instance(host, table, kTwoLimits), "store.namespaces.ratelimit: no such store");
}

TEST_CASE("all limits are asked at once and the request goes on when all have answered", "[ratelimit][unit]") {
    Gateway gateway(kTwoLimits);
    gateway.host.store().hold_answers(true);
    Visit visit(gateway);
    CHECK(visit.head() == Verdict::kPending);
    CHECK(gateway.host.store().held_answers() == 2);
    gateway.answer();
    CHECK(visit.resumed() == Verdict::kContinue);
    CHECK(visit.header("X-RateLimit-Remaining") == "2");
    CHECK(gateway.taken(kSlots) == 1);
    visit.complete();
    CHECK(gateway.taken(kSlots) == 0);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("a late refusal gives back what the other limits took", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":3},{"per":"key","concurrent":1}]})");
    Visit first(gateway);
    CHECK(first.passes_head());
    gateway.host.store().hold_answers(true);
    Visit second(gateway);
    CHECK(second.head() == Verdict::kPending);
    CHECK(gateway.taken(kRequests) == 2);
    gateway.answer();
    CHECK(second.resumed() == Verdict::kRefuse);
    CHECK(gateway.taken(kRequests) == 1);
}

TEST_CASE("a client that leaves before the store has answered keeps nothing", "[ratelimit][unit]") {
    Gateway gateway(kTwoLimits);
    gateway.host.store().hold_answers(true);
    Visit visit(gateway);
    CHECK(visit.head() == Verdict::kPending);
    visit.leave();
    CHECK(visit.resumed() == Verdict::kPending);  // what it took is not known yet
    gateway.answer();
    CHECK(visit.resumed() == Verdict::kRefuse);
    CHECK(gateway.taken(kRequests) == 0);
    CHECK(gateway.taken(kSlots) == 0);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("a client that leaves the queue while its slot is on the way gives it back", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"queue_ms":1000}]})");
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    gateway.host.loop().run_ready();
    gateway.host.store().hold_answers(true);
    running.complete();
    gateway.host.store().release_answers();
    gateway.host.loop().run_ready();
    CHECK(gateway.host.store().held_answers() == 1);
    CHECK(gateway.taken(kSlots) == 1);
    waiting.leave();
    CHECK(waiting.resumed() == Verdict::kPending);
    gateway.answer();
    CHECK(waiting.resumed() == Verdict::kRefuse);
    CHECK(gateway.taken(kSlots) == 0);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("a slot is renewed while it is held, however long", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":2,"lease_ms":3000}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    for (int i = 0; i < 20; ++i) {
        gateway.host.advance(1s);
        CHECK(gateway.taken(kSlots) == 1);
    }
    CHECK(gateway.host.store().calls("renew") >= 19);
    visit.complete();
    CHECK(gateway.taken(kSlots) == 0);
    const std::size_t renewals = gateway.host.store().calls("renew");
    gateway.host.advance(10s);
    CHECK(gateway.host.store().calls("renew") == renewals);
}

TEST_CASE("the lease of a slot is renewed by its own age, however slow the answers were", "[ratelimit][unit]") {
    const auto [answered, renewed] = GENERATE(table<std::chrono::milliseconds, std::chrono::milliseconds>(
        {{0ms, 1000ms}, {600ms, 1000ms}, {1000ms, 1000ms}, {2900ms, 2900ms}}));
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"lease_ms":3000}]})");
    gateway.host.store().hold_answers(true);
    Visit visit(gateway);
    CHECK(visit.head() == Verdict::kPending);
    gateway.host.advance(answered);
    gateway.answer();
    CHECK(visit.resumed() == Verdict::kContinue);
    gateway.host.advance(renewed - answered);
    CHECK(gateway.host.store().calls("renew") == 1);
    for (int i = 0; i < 50; ++i) {
        gateway.host.advance(100ms);
        CHECK(gateway.taken(kSlots) == 1);
    }
}

TEST_CASE("leases are renewed in the order in which they are due", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","concurrent":9,"lease_ms":3000}]})");
    gateway.host.store().hold_answers(true);
    Visit slow(gateway, "192.0.2.1");
    CHECK(slow.head() == Verdict::kPending);
    gateway.host.advance(500ms);
    gateway.host.store().hold_answers(false);
    Visit quick(gateway, "192.0.2.2");
    CHECK(quick.passes_head());
    gateway.answer();
    gateway.host.advance(500ms);
    CHECK(gateway.host.store().calls("renew") == 1);
    gateway.host.advance(500ms);
    CHECK(gateway.host.store().calls("renew") == 2);
    for (Visit* each : {&slow, &quick}) each->complete();
    CHECK(gateway.host.store().quota_keys("ratelimit").empty());
}

TEST_CASE("the slots of a gateway that is gone come back with the end of their lease", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"lease_ms":3000}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    gateway.host.store().go_down();  // whatever this gateway says is not heard
    gateway.host.advance(2900ms);
    gateway.host.store().come_up();
    CHECK(gateway.taken(kSlots) == 1);
    gateway.host.store().go_down();
    gateway.host.advance(200ms);
    gateway.host.store().come_up();
    CHECK(gateway.taken(kSlots) == 0);
}

TEST_CASE("a slot that is being renewed is freed when its new ticket is known", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"lease_ms":3000}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    gateway.host.store().hold_answers(true);
    gateway.host.advance(1s);
    CHECK(gateway.host.store().held_answers() == 1);
    visit.complete();
    CHECK(gateway.taken(kSlots) == 1);
    gateway.answer();
    CHECK(gateway.taken(kSlots) == 0);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("a slot that the store does not take back is given back when it works again", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"queue_ms":5000}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    gateway.host.store().go_down();
    visit.complete();
    gateway.host.advance(1500ms);
    gateway.host.store().come_up();
    CHECK(gateway.taken(kSlots) == 1);
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    gateway.host.advance(500ms);
    CHECK(waiting.resumed() == Verdict::kContinue);
    CHECK(gateway.taken(kSlots) == 1);
    CHECK(gateway.host.store().calls("give_back") == 3);
    waiting.complete();
    gateway.host.advance(5s);
    CHECK(gateway.host.store().calls("give_back") == 4);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("the slot of a request that another limit refuses is given back when the store works again",
          "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":2},{"per":"address","requests":1}]})");
    Visit first(gateway);
    CHECK(first.passes_head());
    gateway.host.store().hold_answers(true);
    Visit second(gateway);
    CHECK(second.head() == Verdict::kPending);
    gateway.host.store().go_down();
    gateway.answer();
    CHECK(second.resumed() == Verdict::kRefuse);
    gateway.host.store().come_up();
    CHECK(gateway.taken(kSlots) == 2);
    gateway.host.advance(1s);
    CHECK(gateway.taken(kSlots) == 1);
}

TEST_CASE("a slot is not given back after its lease", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"lease_ms":3000}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    gateway.host.store().go_down();
    visit.complete();
    gateway.host.advance(10s);
    CHECK(gateway.host.store().calls("give_back") == 3);
    gateway.host.store().come_up();
}

TEST_CASE("an instance does not wait for slots that the store does not take back", "[ratelimit][unit]") {
    FakeHost host;
    {
        PassingInstance passing(host);
        host.store().go_down();
        passing.complete();
        CHECK(host.store().calls("give_back") == 1);
        CHECK(host.loop().timer_count() == 2);
    }
    CHECK(host.store().calls("give_back") == 1);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("an instance is not gone before its renewals are answered", "[ratelimit][unit]") {
    FakeHost host;
    std::function<void()> answer_when_closed = [&] {
        if (host.loop().timer_count() > 0) {
            host.loop().post(answer_when_closed);
        } else {
            host.store().hold_answers(false);
            host.store().release_answers();
        }
    };
    {
        PassingInstance passing(host);
        host.store().hold_answers(true);
        host.advance(1s);
        CHECK(host.store().held_answers() == 1);
        passing.complete();
        host.loop().post(answer_when_closed);
    }
    CHECK(host.store().held_answers() == 0);
    CHECK(host.store().taken("ratelimit", "test/key/concurrent|a:127.0.0.1") == 0);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a take whose outcome is not known is not given back", "[ratelimit][unit]") {
    Gateway gateway(R"({"when_store_fails":"refuse","limits":[{"per":"address","requests":3}]})");
    gateway.host.store().go_down();
    CHECK_FALSE(Visit(gateway).passes_head());
    CHECK(gateway.host.store().calls("give_back") == 0);
}

TEST_CASE("who waits when the store fails is let through", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1,"queue_ms":1000}]})");
    Visit running(gateway);
    CHECK(running.passes_head());
    Visit waiting(gateway);
    CHECK(waiting.head() == Verdict::kPending);
    gateway.host.loop().run_ready();
    gateway.host.store().go_down();
    gateway.host.advance(60ms);
    CHECK(waiting.resumed() == Verdict::kContinue);
    gateway.host.store().come_up();
}

}  // namespace sluice::ratelimit
