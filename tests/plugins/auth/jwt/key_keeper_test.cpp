#include "jwt/key_keeper.hpp"

#include "issuer_key.hpp"
#include "sluice/testing/fake_host.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <string>

using namespace sluice::auth::jwt;
using namespace std::chrono_literals;
using sluice::testing::FakeHost;
using Newer = KeyKeeper::Newer;

namespace {

// What the test does in place of reading.
class ScriptedDocument final : public KeyDocument {
public:
    using Script = std::function<std::optional<std::string>(int reads)>;

    explicit ScriptedDocument(Script script) : script_(std::move(script)) {}
    std::optional<Content> read(bool, std::string& problem) override {
        const auto text = script_(++reads_);
        problem = "the script fails";
        return text ? std::optional(Content{*text, false}) : std::nullopt;
    }
    void abort() noexcept override {}

private:
    const Script script_;
    int reads_ = 0;
};

std::string set_of_secret(const std::string& id) {
    return key_set_of({IssuerKey::octets(std::string(32, 's')).jwk(id)});
}

std::unique_ptr<KeyDocument> document(ScriptedDocument::Script script) {
    return std::make_unique<ScriptedDocument>(std::move(script));
}

std::shared_ptr<const JwkSet> first_keys() {
    std::string problem;
    return std::make_shared<const JwkSet>(JwkSet::parse(set_of_secret("first"), problem).value());
}

bool knows(const KeyKeeper& keeper, const std::string& id) {
    const auto keys = keeper.keys();
    return keys != nullptr && std::holds_alternative<const VerificationKey*>(keys->find(id, *find_algorithm("HS256")));
}

// What a waiter is told, within some seconds.
class Told {
public:
    KeyKeeper::Waiter waiter() {
        return [promise = promise_](bool is_newest) { promise->set_value(is_newest); };
    }
    bool value() {
        REQUIRE(future_.wait_for(5s) == std::future_status::ready);
        return future_.get();
    }
    bool is_there() const { return future_.wait_for(0s) == std::future_status::ready; }

private:
    std::shared_ptr<std::promise<bool>> promise_ = std::make_shared<std::promise<bool>>();
    std::future<bool> future_ = promise_->get_future();
};

}  // namespace

TEST_CASE("who comes before the first read waits for it", "[auth][jwt][unit]") {
    FakeHost host;
    std::promise<void> may_end;
    KeyKeeper keeper(document([&](int) {
                         may_end.get_future().wait();
                         return std::optional(set_of_secret("a"));
                     }),
                     nullptr, {1h, 1h, 5s}, sluice::Host(host).log());
    Told told;
    REQUIRE(keeper.wait_for_newer(told.waiter()) == Newer::kComing);
    CHECK(keeper.keys() == nullptr);
    CHECK_FALSE(told.is_there());
    may_end.set_value();
    CHECK(told.value());
    CHECK(knows(keeper, "a"));
    CHECK(keeper.wait_for_newer([](bool) {}) == Newer::kNone);
}

TEST_CASE("a set is read again when it has been current long enough", "[auth][jwt][unit]") {
    FakeHost host;
    std::promise<void> was_read_twice;
    KeyKeeper keeper(document([&](int reads) {
                         if (reads == 3) was_read_twice.set_value();
                         return std::optional(set_of_secret("n" + std::to_string(reads)));
                     }),
                     first_keys(), {10ms, 1ms, 5s}, sluice::Host(host).log());
    REQUIRE(was_read_twice.get_future().wait_for(5s) == std::future_status::ready);
    CHECK_FALSE(knows(keeper, "first"));
}

TEST_CASE("a wish for newer keys reads them early, but not again and again", "[auth][jwt][unit]") {
    FakeHost host;
    std::atomic<int> count{0};
    KeyKeeper keeper(document([&](int reads) {
                         count = reads;
                         return std::optional(set_of_secret("n" + std::to_string(reads)));
                     }),
                     first_keys(), {1h, 0ms, 5s}, sluice::Host(host).log());
    Told told;
    REQUIRE(keeper.wait_for_newer(told.waiter()) == Newer::kComing);
    CHECK(told.value());
    CHECK(knows(keeper, "n1"));
    CHECK(count == 1);
    KeyKeeper slow(document([](int) { return std::optional(set_of_secret("n")); }), first_keys(), {1h, 1h, 5s},
                   sluice::Host(host).log());
    CHECK(slow.wait_for_newer([](bool) {}) == Newer::kNone);
}

TEST_CASE("the last good set is kept while newer ones cannot be read", "[auth][jwt][unit]") {
    FakeHost host;
    for (const std::optional<std::string>& answer : {std::optional<std::string>(), std::optional<std::string>("{}")}) {
        KeyKeeper keeper(document([&](int) { return answer; }), first_keys(), {1h, 0ms, 5s}, sluice::Host(host).log());
        Told told;
        REQUIRE(keeper.wait_for_newer(told.waiter()) == Newer::kComing);
        CHECK_FALSE(told.value());
        CHECK(knows(keeper, "first"));
    }
    CHECK(host.log().has(SLUICE_LOG_WARN, "the key set cannot be read, the last one is kept: the script fails"));
    CHECK(host.log().has(SLUICE_LOG_WARN, "expected a JSON Web Key set"));
}

TEST_CASE("after a failed read nobody is told that there is no newer set", "[auth][jwt][unit]") {
    FakeHost host;
    KeyKeeper keeper(document([](int) { return std::optional<std::string>(); }), nullptr, {1h, 1h, 5s},
                     sluice::Host(host).log());
    Told told;
    const auto newer = keeper.wait_for_newer(told.waiter());
    if (newer == Newer::kComing) CHECK_FALSE(told.value());
    CHECK(keeper.wait_for_newer([](bool) {}) == Newer::kUnknown);
}

TEST_CASE("nobody waits longer than their patience for a read that hangs", "[auth][jwt][unit]") {
    FakeHost host;
    std::promise<void> may_end;
    KeyKeeper keeper(document([&](int) {
                         may_end.get_future().wait();
                         return std::optional(set_of_secret("a"));
                     }),
                     nullptr, {1h, 1h, 30ms}, sluice::Host(host).log());
    Told first;
    Told second;
    REQUIRE(keeper.wait_for_newer(first.waiter()) == Newer::kComing);
    REQUIRE(keeper.wait_for_newer(second.waiter()) == Newer::kComing);
    CHECK_FALSE(first.value());
    CHECK_FALSE(second.value());
    Told late;
    REQUIRE(keeper.wait_for_newer(late.waiter()) == Newer::kComing);
    CHECK_FALSE(late.value());
    may_end.set_value();
}

TEST_CASE("who still waits when the keeper ends is told", "[auth][jwt][unit]") {
    FakeHost host;
    std::promise<void> may_end;
    Told told;
    std::thread ending;
    {
        KeyKeeper keeper(document([&](int) {
                             may_end.get_future().wait();
                             return std::optional(set_of_secret("a"));
                         }),
                         nullptr, {1h, 1h, 5s}, sluice::Host(host).log());
        REQUIRE(keeper.wait_for_newer(told.waiter()) == Newer::kComing);
        ending = std::thread([&] { keeper.stop(); });
        // Before the read, which hangs, has ended.
        CHECK_FALSE(told.value());
        may_end.set_value();
        ending.join();
        CHECK(keeper.wait_for_newer([](bool) {}) == Newer::kUnknown);
    }
}

TEST_CASE("no more than a fixed number of requests wait for keys", "[auth][jwt][unit]") {
    FakeHost host;
    std::promise<void> may_end;
    std::atomic<std::size_t> told{0};
    {
        KeyKeeper keeper(document([&](int) {
                             may_end.get_future().wait();
                             return std::optional(set_of_secret("a"));
                         }),
                         nullptr, {1h, 1h, 1min}, sluice::Host(host).log());
        for (std::size_t count = 0; count < KeyKeeper::kMaxWaiters; ++count) {
            REQUIRE(keeper.wait_for_newer([&](bool) { ++told; }) == Newer::kComing);
        }
        CHECK(keeper.wait_for_newer([](bool) {}) == Newer::kUnknown);
        may_end.set_value();
    }
    CHECK(told == KeyKeeper::kMaxWaiters);
}
