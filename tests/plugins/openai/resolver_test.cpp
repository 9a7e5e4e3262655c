#include "resolver.hpp"

#include <catch2/catch.hpp>

#include "sluice/testing/fake_host.hpp"

using sluice::openai::AddressList;
using sluice::openai::literal_address;
using sluice::openai::Resolver;
using sluice::testing::FakeHost;

namespace {

struct Asking {
    explicit Asking(std::string name, bool succeeds = true)
        : resolver(std::move(name), 443, &sluice::testing::FakeLoop::table(),
                   [this, succeeds](const std::string&, std::uint16_t port, std::string& reason) {
                       ++lookups;
                       if (!succeeds) reason = "no such name";
                       return succeeds ? literal_address("192.0.2.1", port) : AddressList{};
                   }) {}

    // The answer to one question.
    bool ask() {
        bool is_answered = false;
        const auto question = resolver.ask(host.loop().raw(), [&](const AddressList& found, const std::string& text) {
            addresses = found;
            problem = text;
            is_answered = true;
        });
        return host.loop().run_until([&] { return is_answered; });
    }

    FakeHost host;
    std::atomic<int> lookups{0};
    AddressList addresses;
    std::string problem;
    Resolver resolver;
};

}  // namespace

TEST_CASE("a literal address needs no lookup", "[openai][resolver]") {
    CHECK(Asking("127.0.0.1").resolver.known().size() == 1);
    CHECK(Asking("::1").resolver.known().size() == 1);
    CHECK(Asking("localhost").resolver.known().empty());
}

TEST_CASE("an answer is brought to the loop and remembered", "[openai][resolver]") {
    Asking asking("upstream.example");
    REQUIRE(asking.ask());
    CHECK(asking.addresses.size() == 1);
    CHECK(asking.resolver.known().size() == 1);
    CHECK(asking.lookups == 1);
    asking.resolver.forget();
    CHECK(asking.resolver.known().empty());
    REQUIRE(asking.ask());
    CHECK(asking.lookups == 2);
    CHECK(asking.host.breaches().text() == "");
}

TEST_CASE("a name that cannot be resolved is told of and not remembered", "[openai][resolver]") {
    Asking asking("upstream.example", false);
    REQUIRE(asking.ask());
    CHECK(asking.addresses.empty());
    CHECK(asking.problem == "no such name");
    CHECK(asking.resolver.known().empty());
}

TEST_CASE("a cancelled question is not answered", "[openai][resolver]") {
    Asking asking("upstream.example");
    bool is_answered = false;
    const auto question = asking.resolver.ask(asking.host.loop().raw(),
                                              [&](const AddressList&, const std::string&) { is_answered = true; });
    question->cancel();
    asking.resolver.stop();
    asking.host.loop().run_ready();
    CHECK_FALSE(is_answered);
}

TEST_CASE("addresses of two families take turns", "[openai][resolver]") {
    AddressList mixed;
    for (const char* text : {"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
        mixed.push_back(literal_address(text, 1).front());
    }
    std::vector<int> families;
    for (const auto& address : sluice::openai::with_families_in_turn(mixed)) families.push_back(address.family());
    CHECK(families == std::vector<int>{AF_INET6, AF_INET, AF_INET6, AF_INET, AF_INET});
}
