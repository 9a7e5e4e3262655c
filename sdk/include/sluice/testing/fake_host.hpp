// A host for the unit tests of plugins: log, metrics, clock, folder, store and one event loop, all in the test's hands.
#pragma once

#include "sluice/cpp/host.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/host.h"
#include "sluice/testing/breaches.hpp"
#include "sluice/testing/fake_clock.hpp"
#include "sluice/testing/fake_folder.hpp"
#include "sluice/testing/fake_log.hpp"
#include "sluice/testing/fake_loop.hpp"
#include "sluice/testing/fake_metrics.hpp"
#include "sluice/testing/fake_store.hpp"
#include "sluice/testing/host_parts.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice {
namespace testing {

// One host for one instance. The thread that makes it is the thread of its loop. A test ends with a look at breaches():
//
//     sluice::testing::FakeHost host;
//     sluice::testing::LoadedBackend backend(host, sluice_plugin_query(1, 0), "{}");
//     ...
//     CHECK(host.breaches().text() == "");
class FakeHost {
public:
    explicit FakeHost(std::string instance = "test", Time time = Time::kManual)
        : instance_(std::move(instance)), clock_(time), loop_(clock_, breaches_), store_(clock_, loop_, breaches_) {}
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    const sluice_host* raw() const noexcept { return &host_; }
    operator Host() const noexcept { return Host(&host_); }

    Breaches& breaches() noexcept { return breaches_; }
    FakeClock& clock() noexcept { return clock_; }
    FakeLog& log() noexcept { return log_; }
    FakeMetrics& metrics() noexcept { return metrics_; }
    FakeLoop& loop() noexcept { return loop_; }
    FakeFolder& folder() noexcept { return folder_; }
    FakeStore& store() noexcept { return store_; }

    // Moves the manual clock on and runs what becomes due on the way.
    void advance(std::chrono::milliseconds time) { loop_.advance(time); }
    // Leaves the interface `id` out, as an older host would.
    void withhold(std::string id) { withheld_ = std::move(id); }

    // The instance is only tried: see SLUICE_HOST_PROBE. Before it is made.
    void pretend_probe() noexcept { host_.flags |= static_cast<std::uint32_t>(SLUICE_HOST_PROBE); }

    // Runs `work` on a thread that is not the loop's, as the host runs create() and destroy(), and the loop meanwhile.
    void run_on_main_thread(const std::function<void()>& work) {
        std::atomic<bool> is_done{false};
        std::thread thread([&] {
            work();
            is_done = true;
        });
        const bool is_in_time = loop_.run_until([&] { return is_done.load(); }, std::chrono::seconds(10));
        if (!is_in_time) {
            breaches_.add("create() or destroy() did not return within 10 s");
        }
        thread.join();
    }

private:
    static const void* get_interface(const sluice_host* host, sluice_str id) noexcept {
        const std::string_view wanted = to_view(id);
        const FakeHost& self = *static_cast<Parts&>(parts_of(host)).owner;
        if (wanted == self.withheld_) {
            return nullptr;
        }
        if (wanted == SLUICE_HOST_LOG_ID) {
            return &FakeLog::table();
        }
        if (wanted == SLUICE_HOST_METRICS_ID) {
            return &FakeMetrics::table();
        }
        if (wanted == SLUICE_HOST_CLOCK_ID) {
            return &FakeClock::table();
        }
        if (wanted == SLUICE_HOST_FOLDER_ID) {
            return &FakeFolder::table();
        }
        if (wanted == SLUICE_HOST_STORE_ID) {
            return &FakeStore::table();
        }
        return wanted == SLUICE_HOST_LOOP_ID ? &FakeLoop::table() : nullptr;
    }
    struct Parts : HostParts {
        Parts(FakeHost* host, HostParts parts) : HostParts(parts), owner(host) {}
        FakeHost* owner;
    };

    const std::string instance_;
    Breaches breaches_;
    FakeClock clock_;
    FakeLog log_;
    FakeMetrics metrics_;
    FakeLoop loop_;
    FakeFolder folder_;
    FakeStore store_;
    std::string withheld_;
    Parts parts_{this, HostParts{&breaches_, &clock_, &log_, &metrics_, &loop_, &folder_, &store_}};
    sluice_host host_ = {
        sizeof(sluice_host), 0, SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, static_cast<HostParts*>(&parts_), to_str(instance_),
        &get_interface};
};

}  // namespace testing
}  // namespace sluice
