#pragma once

#include <sluice/cpp/call.hpp>
#include <sluice/cpp/loop.hpp>
#include <sluice/testing/fake_call.hpp>
#include <sluice/testing/fake_host.hpp>

#include <memory>
#include <string>

#include "turn/call_bridge.hpp"

namespace sluice::claude_code {

/// A call on its own loop and a bridge from it to the home loop; one loop is both where a test wants that. Nothing goes
/// over before the test runs the loops.
class BridgeStage : public BridgeUser {
public:
    enum class Loops { kOne, kTwo };

    explicit BridgeStage(Loops loops)
        : call(call_host, testing::FakeRequest::chat("sonnet", "hi")),
          home(loops == Loops::kOne ? call_host : other_host) {
        call.mark_started(true);
        bridge = CallBridge::open(Call(call_host.raw(), call.raw(), &testing::FakeCall::table(), call.request()),
                                  Host(call_host).loops().at(0), Host(home).loops().at(0));
        bridge->attach(this);
    }
    ~BridgeStage() { bridge->detach(); }

    void run() {
        for (int round = 0; round < 4; ++round) {
            call_host.loop().run_ready();
            other_host.loop().run_ready();
        }
    }
    std::string breaches() { return call_host.breaches().text() + other_host.breaches().text(); }
    /// The data of the events so far, one a line.
    std::string events() const {
        std::string text;
        for (const testing::RecordedEvent& event : call.events()) text += event.data + "\n";
        return text;
    }

    // BridgeUser
    void on_client_left() noexcept override { ++lefts; }
    void on_client_ready() noexcept override { ++readies; }

    testing::FakeHost call_host;
    testing::FakeHost other_host;
    testing::FakeCall call;
    testing::FakeHost& home;
    std::shared_ptr<CallBridge> bridge;
    int lefts = 0;
    int readies = 0;
};

}  // namespace sluice::claude_code
