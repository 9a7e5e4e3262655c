#include "current_loop.hpp"
#include "observability/metrics.hpp"
#include "plugin/captured_text.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin_image.hpp"
#include "sluice/ext/store.h"
#include "store/store_hub.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <string>

using namespace sluice::plugin;

namespace {

/// What the last answer said.
struct Heard {
    int count = 0;
    int outcome = 99;
    std::string value;
    std::int64_t number = 0;
    std::uint64_t ticket = 0;
    std::size_t items = 0;

    static void take(void* ctx, const sluice_store_answer* answer) {
        auto& heard = *static_cast<Heard*>(ctx);
        ++heard.count;
        heard.outcome = answer->outcome;
        heard.value = view_of(answer->value);
        heard.number = answer->number;
        heard.ticket = answer->ticket;
        heard.items = answer->item_count;
    }
};

class StoreTableFixture {
protected:
    StoreTableFixture() { interfaces_.offer(SLUICE_HOST_LOOP_ID, &current_loop_table()); }

    std::unique_ptr<BackendInstance> make(const std::string& name, sluice::store::StoreHub* stores) {
        auto library = PluginLibrary::load(folder_.take(fixture("fixture")), copies_).value();
        return BackendInstance::create(std::move(library), {name, "{}"}, {interfaces_, metrics_, {}, {}, stores})
            .value();
    }
    sluice_namespace* open(const BackendInstance& instance, std::string_view name, std::uint32_t flags = 0) {
        CapturedText errors;
        sluice_namespace* space = table_.open(instance.host_table(), abi_text(name), flags, errors.sink());
        errors_ = errors.text();
        return space;
    }

    TemporaryFolder folder_;
    PrivateCopies copies_ = PrivateCopies::open(folder_.path()).value();
    HostInterfaces interfaces_;
    sluice::observability::Metrics metrics_{1, "0"};
    sluice::store::StoreHub stores_{sluice::config::Store(), folder_.path(), metrics_};
    const sluice_host_store& table_ = *static_cast<const sluice_host_store*>(interfaces_.find(SLUICE_HOST_STORE_ID));
    std::unique_ptr<BackendInstance> instance_ = make("mine", &stores_);
    std::string errors_;
    Heard heard_;
};

}  // namespace

TEST_CASE_METHOD(StoreTableFixture, "instances that open the same name share what is in it", "[plugin][unit]") {
    const auto other = make("other", &stores_);
    sluice_namespace* const first = open(*instance_, "shared");
    sluice_namespace* const second = open(*other, "shared");
    REQUIRE(first != nullptr);
    REQUIRE(second != nullptr);
    CHECK(table_.put(first, nullptr, abi_text("k"), abi_text("v"), 0, Heard::take, &heard_) == SLUICE_OK);
    CHECK(table_.get(second, nullptr, abi_text("k"), Heard::take, &heard_) == SLUICE_OK);
    CHECK(heard_.count == 2);
    CHECK(heard_.outcome == SLUICE_STORE_OK);
    CHECK(heard_.value == "v");
}

TEST_CASE_METHOD(StoreTableFixture, "a namespace outlives the instance that opened it", "[plugin][unit]") {
    table_.put(open(*instance_, "n"), nullptr, abi_text("k"), abi_text("v"), 0, nullptr, nullptr);
    instance_ = make("mine", &stores_);
    table_.get(open(*instance_, "n"), nullptr, abi_text("k"), Heard::take, &heard_);
    CHECK(heard_.value == "v");
}

TEST_CASE_METHOD(StoreTableFixture, "every operation of the table reaches the namespace", "[plugin][unit]") {
    sluice_namespace* const space = open(*instance_, "n");
    const sluice_str key = abi_text("k");
    table_.add(space, nullptr, key, 5, 1000, Heard::take, &heard_);
    CHECK(heard_.number == 5);
    const sluice_str five = abi_text("5");
    table_.compare_and_set(space, nullptr, key, nullptr, abi_text("6"), 0, Heard::take, &heard_);
    CHECK(heard_.outcome == SLUICE_STORE_CONFLICT);
    table_.compare_and_set(space, nullptr, key, &five, abi_text("6"), 0, Heard::take, &heard_);
    CHECK(heard_.outcome == SLUICE_STORE_OK);
    table_.scan(space, nullptr, abi_text(""), abi_text(""), 10, Heard::take, &heard_);
    CHECK(heard_.items == 1);
    table_.remove(space, nullptr, key, Heard::take, &heard_);
    table_.get(space, nullptr, key, Heard::take, &heard_);
    CHECK(heard_.outcome == SLUICE_STORE_ABSENT);
    const sluice_quota quota{sizeof(sluice_quota), 0, 2, 2, 60'000'000};
    table_.take(space, nullptr, key, &quota, Heard::take, &heard_);
    CHECK(heard_.number == 2);
    table_.renew(space, nullptr, key, 2, heard_.ticket, 60'000'000, Heard::take, &heard_);
    const std::uint64_t ticket = heard_.ticket;
    table_.take(space, nullptr, key, &quota, Heard::take, &heard_);
    CHECK(heard_.outcome == SLUICE_STORE_REFUSED);
    table_.give_back(space, nullptr, key, 2, ticket, Heard::take, &heard_);
    table_.take(space, nullptr, key, &quota, Heard::take, &heard_);
    CHECK(heard_.outcome == SLUICE_STORE_OK);
}

TEST_CASE_METHOD(StoreTableFixture, "bad arguments are refused at once, and nobody is told", "[plugin][unit]") {
    sluice_namespace* const space = open(*instance_, "n");
    const sluice_str good = abi_text("k");
    const std::string long_key(SLUICE_STORE_MAX_KEY_BYTES + 1, 'k');
    const std::string long_value(SLUICE_STORE_MAX_VALUE_BYTES + 1, 'v');
    for (const sluice_str key : {abi_text(""), abi_text(long_key)}) {
        CHECK(table_.get(space, nullptr, key, Heard::take, &heard_) == SLUICE_E_INVALID);
        CHECK(table_.put(space, nullptr, key, good, 0, Heard::take, &heard_) == SLUICE_E_INVALID);
        CHECK(table_.remove(space, nullptr, key, Heard::take, &heard_) == SLUICE_E_INVALID);
        CHECK(table_.add(space, nullptr, key, 1, 0, Heard::take, &heard_) == SLUICE_E_INVALID);
        CHECK(table_.give_back(space, nullptr, key, 1, 1, Heard::take, &heard_) == SLUICE_E_INVALID);
        CHECK(table_.renew(space, nullptr, key, 1, 1, 1, Heard::take, &heard_) == SLUICE_E_INVALID);
    }
    const sluice_str value = abi_text(long_value);
    CHECK(table_.put(space, nullptr, good, value, 0, Heard::take, &heard_) == SLUICE_E_INVALID);
    CHECK(table_.compare_and_set(space, nullptr, good, nullptr, value, 0, Heard::take, &heard_) == SLUICE_E_INVALID);
    for (const std::size_t max_items : {0, SLUICE_STORE_MAX_SCAN + 1}) {
        CHECK(table_.scan(space, nullptr, good, {}, max_items, Heard::take, &heard_) == SLUICE_E_INVALID);
    }
    for (const sluice_quota quota :
         {sluice_quota{sizeof(sluice_quota), 0, 0, 1, 1}, sluice_quota{sizeof(sluice_quota), 0, -1, 1, 1},
          sluice_quota{sizeof(sluice_quota), 0, 1, 1, 0}, sluice_quota{4, 0, 1, 1, 1}}) {
        CHECK(table_.take(space, nullptr, good, &quota, Heard::take, &heard_) == SLUICE_E_INVALID);
    }
    CHECK(table_.take(space, nullptr, good, nullptr, Heard::take, &heard_) == SLUICE_E_INVALID);
    CHECK(table_.renew(space, nullptr, good, 0, 1, 1, Heard::take, &heard_) == SLUICE_E_INVALID);
    CHECK(table_.renew(space, nullptr, good, 1, 1, 0, Heard::take, &heard_) == SLUICE_E_INVALID);
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    CHECK(table_.give_back(space, nullptr, good, least, 1, Heard::take, &heard_) == SLUICE_E_INVALID);
    CHECK(heard_.count == 0);
}

TEST_CASE_METHOD(StoreTableFixture, "the largest key and value are taken", "[plugin][unit]") {
    sluice_namespace* const space = open(*instance_, "n");
    const std::string key(SLUICE_STORE_MAX_KEY_BYTES, '\0');
    const std::string value(SLUICE_STORE_MAX_VALUE_BYTES, 'v');
    CHECK(table_.put(space, nullptr, abi_text(key), abi_text(value), std::numeric_limits<std::uint64_t>::max(),
                     Heard::take, &heard_) == SLUICE_OK);
    table_.get(space, nullptr, abi_text(key), Heard::take, &heard_);
    CHECK((heard_.value == value));  // in brackets: not printed
}

TEST_CASE_METHOD(StoreTableFixture, "a namespace that cannot be had is refused with the reason", "[plugin][unit]") {
    CHECK(open(*instance_, "No") == nullptr);
    CHECK(errors_ == "found the namespace \"No\", expected 1 to 64 small letters, digits, \".\", \"_\" and \"-\"");
    const auto without_store = make("other", nullptr);
    CHECK(open(*without_store, "n") == nullptr);
    CHECK(errors_ == "this gateway has no store");
}
