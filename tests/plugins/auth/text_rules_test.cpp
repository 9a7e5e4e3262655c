#include <catch2/catch.hpp>

#include "keys/generated_key.hpp"
#include "keys/key_cache.hpp"
#include "keys/masked_key.hpp"
#include "keys/moment.hpp"
#include "keys/name_text.hpp"
#include "keys/pattern.hpp"

namespace sluice::auth {

TEST_CASE("a generated key is recognised by its checksum", "[auth][unit]") {
    start_sodium();
    const std::string key = make_generated_key();
    CHECK(key.size() == kGeneratedKeyBytes);
    CHECK(form_of_key(key) == KeyForm::kWhole);
    CHECK(key != make_generated_key());
    for (std::size_t at = kGeneratedKeyPrefix.size(); at < key.size(); ++at) {
        std::string typo = key;
        typo[at] = typo[at] == 'x' ? 'y' : 'x';
        CHECK(form_of_key(typo) == KeyForm::kDamaged);
    }
    CHECK(form_of_key(key.substr(0, 54)) == KeyForm::kDamaged);
    CHECK(form_of_key(key + "a") == KeyForm::kDamaged);
    CHECK(form_of_key("sk-proj-abc") == KeyForm::kForeign);
}

TEST_CASE("a masked key shows where it is from and four characters", "[auth][unit]") {
    CHECK(masked("sk-slc-0123456789abcdefwXyZ") == "sk-slc-...wXyZ");
    CHECK(masked("sk-0123456789abcdefwXyZ") == "sk-...wXyZ");
    CHECK(masked("0123456789abcdefwXyZ") == "...wXyZ");
    CHECK(masked("sk-slc-short") == "***");
    CHECK(masked_if_key("correct horse battery staple") == "***");
}

TEST_CASE("a star stands for any characters", "[auth][unit]") {
    CHECK(matches_pattern("gpt-*", "gpt-4o"));
    CHECK(matches_pattern("gpt-*", "gpt-"));
    CHECK(matches_pattern("*4o*", "gpt-4o-mini"));
    CHECK(matches_pattern("a*b*c", "aXbbYbc"));
    CHECK(matches_pattern("*", ""));
    CHECK_FALSE(matches_pattern("gpt-*", "xgpt-4o"));
    CHECK_FALSE(matches_pattern("gpt", "gpt-4o"));
    CHECK_FALSE(matches_pattern("", "a"));
    CHECK_FALSE(matches_pattern("a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST_CASE("times are read as people write them", "[auth][unit]") {
    using std::chrono::hours;
    CHECK(parse_duration("30d") == hours(720));
    CHECK(parse_duration("12h") == hours(12));
    CHECK(parse_duration("90s") == std::chrono::seconds(90));
    for (const char* wrong : {"", "d", "0d", "-1d", "1.5h", "30", "30 d", "30w", "99999999999999999999d", "40000d"}) {
        CHECK_FALSE(parse_duration(wrong));
    }
    CHECK(moment_text(*parse_moment("2027-01-31")) == "2027-02-01T00:00:00Z");
    CHECK(moment_text(*parse_moment("2024-02-29T23:59:59Z")) == "2024-02-29T23:59:59Z");
    for (const char* wrong : {"2023-02-29", "2027-1-31", "2027-01-31T24:00:00Z", "2027-01-31 12:00:00Z", "1969-01-01",
                              "2027-13-01", "2027-01-31T12:00:00", "aaaa-bb-cc"}) {
        CHECK_FALSE(parse_moment(wrong));
    }
}

TEST_CASE("a name is any text of one line", "[auth][unit]") {
    CHECK(is_name_text("\xE9\x8D\xB5"));
    CHECK(is_name_text(std::string(200, 'a')));
    CHECK_FALSE(is_name_text(""));
    CHECK_FALSE(is_name_text(std::string(201, 'a')));
    CHECK_FALSE(is_name_text("a\tb"));
    CHECK_FALSE(is_name_text("a\x7F"));
    CHECK_FALSE(is_name_text("\xC2\x85"));
    CHECK_FALSE(is_name_text("\xC3"));
}

TEST_CASE("the cache of keys is bounded and forgets what was not used for longest", "[auth][unit]") {
    KeyCache cache(16);
    const auto hash_of = [](int number) { return blake2b(std::to_string(number)); };
    for (int number = 0; number < 16; ++number) cache.put(hash_of(number), {});
    REQUIRE(cache.find(hash_of(0)));
    cache.put(hash_of(16), {});
    CHECK(cache.size() == 16);
    CHECK(cache.find(hash_of(0)));
    CHECK_FALSE(cache.find(hash_of(1)));
    cache.erase(hash_of(0));
    CHECK_FALSE(cache.find(hash_of(0)));
    for (int number = 0; number < 5000; ++number) cache.put(hash_of(number), {});
    CHECK(cache.size() == 16);
}

}  // namespace sluice::auth
