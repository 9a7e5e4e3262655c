#include "http/request_id.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace sluice;

TEST_CASE("a client's request id is kept if it is 1 to 128 printable ASCII characters", "[http][unit]") {
    CHECK(http::is_acceptable_request_id("a"));
    CHECK(http::is_acceptable_request_id("!\"#~{}-1"));
    CHECK(http::is_acceptable_request_id(std::string(128, 'x')));
    CHECK_FALSE(http::is_acceptable_request_id(""));
    CHECK_FALSE(http::is_acceptable_request_id(std::string(129, 'x')));
    for (std::string_view id : {"a b", "a\t", "a\n", "a\x7f", "\xc3\xa4"})
        CHECK_FALSE(http::is_acceptable_request_id(id));
}

TEST_CASE("a fresh request id is a UUID of version 4", "[http][unit]") {
    for (int i = 0; i < 1000; ++i) {
        std::string id = "what was there";
        http::assign_fresh_request_id(id);
        REQUIRE(id.size() == 36);
        for (std::size_t at = 0; at < id.size(); ++at) {
            bool is_dash = at == 8 || at == 13 || at == 18 || at == 23;
            REQUIRE((is_dash ? id[at] == '-'
                             : std::string_view("0123456789abcdef").find(id[at]) != std::string_view::npos));
        }
        REQUIRE(id[14] == '4');
        REQUIRE(std::string_view("89ab").find(id[19]) != std::string_view::npos);
    }
}

TEST_CASE("no request id comes twice, on no thread", "[http][unit]") {
    std::vector<std::vector<std::string>> ids(4, std::vector<std::string>(5000));
    {
        std::vector<std::jthread> threads;
        for (auto& mine : ids) {
            threads.emplace_back([&mine] {
                for (std::string& id : mine) http::assign_fresh_request_id(id);
            });
        }
    }
    std::set<std::string> all;
    for (const auto& mine : ids) all.insert(mine.begin(), mine.end());
    CHECK(all.size() == 20000);
}
