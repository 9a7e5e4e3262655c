#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <string_view>

#include "keys/managed_keys.hpp"
#include "sluice/ext/log.h"
#include "sluice/testing/fake_host.hpp"

namespace sluice::auth {
namespace {

using namespace std::chrono_literals;
using testing::FakeHost;

// Runs something in the middle of what is tested: when a line of the log is written.
class LogHook {
public:
    LogHook(FakeHost& host, std::string_view words, std::function<void()> work)
        : host_(*host.raw()), original_(host_.get_interface), words_(words), work_(std::move(work)) {
        host_.get_interface = [](const sluice_host* asked, sluice_str id) noexcept -> const void* {
            return to_view(id) == SLUICE_HOST_LOG_ID ? &table() : current()->original_(asked, id);
        };
        current() = this;
    }
    LogHook(const LogHook&) = delete;
    LogHook& operator=(const LogHook&) = delete;
    ~LogHook() { current() = nullptr; }

    Host host() const { return Host(&host_); }

private:
    static LogHook*& current() {
        static LogHook* hook = nullptr;
        return hook;
    }
    static const sluice_host_log& table() {
        static const sluice_host_log kTable = {
            sizeof(sluice_host_log), 0, [](const sluice_host*, std::int32_t) noexcept -> std::int32_t { return 1; },
            [](const sluice_host*, std::int32_t, sluice_str message) noexcept {
                if (to_view(message).find(current()->words_) != std::string_view::npos) current()->work_();
            }};
        return kTable;
    }

    sluice_host host_;
    decltype(sluice_host::get_interface) original_;
    std::string_view words_;
    std::function<void()> work_;
};

KeyRecord record_of(std::chrono::milliseconds revoked) {
    KeyRecord record;
    record.id = record.owner = "key_0123456789abcdef";
    record.revoked = revoked;
    return record;
}

}  // namespace

TEST_CASE("an answer that comes while a key is being revoked does not undo that", "[auth][unit]") {
    FakeHost host;
    start_sodium();
    const KeyHash hash = blake2b("a key");
    ManagedKeys* keys = nullptr;
    std::future<void> revoking;
    // The line stands between the store's answer and what is made of it.
    const LogHook hook(host, "the store answers again", [&] {
        revoking = std::async(std::launch::async, [&] { keys->take_over(hash, record_of(1ms)); });
        revoking.wait_for(200ms);
    });
    StoreHealth health(hook.host());
    ManagedKeys managed(hook.host(), hook.host().store("auth", true), health, {5s, 300s, 100});
    keys = &managed;
    host.store().set_value("auth", record_key(hash), record_of(0ms).to_json());
    health.note_failure("a test");
    const Loop loop = hook.host().loops().at(0);
    managed.ask(hash, loop, [](const ManagedKeys::Answer&) {});
    REQUIRE(revoking.valid());
    revoking.wait();
    const auto known = managed.recall(hash, loop);
    REQUIRE(known);
    REQUIRE(known->key);
    CHECK(known->key->revoked == 1ms);
    CHECK(host.breaches().text() == "");
}

}  // namespace sluice::auth
