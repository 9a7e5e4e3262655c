// A fake host with real children.
#pragma once

#include <fcntl.h>
#include <sluice/testing/fake_host.hpp>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "process/child_process.hpp"

namespace sluice::claude_code::testing {

// Keeps what a child says.
struct Listener final : ChildUser {
    std::span<char> output_room() override { return room; }
    void on_output(std::size_t count) noexcept override {
        output.append(room.data(), count);
        if (on_bytes) on_bytes();
    }
    void on_end(const ChildEnd& told) noexcept override {
        ++ends;
        end = told;
        if (on_told) on_told();
    }

    std::array<char, 65536> room{};
    std::string output;
    std::optional<ChildEnd> end;
    int ends = 0;
    std::function<void()> on_bytes;
    std::function<void()> on_told;
};

struct ChildStage {
    ~ChildStage() { reaper.close(); }

    std::unique_ptr<ChildProcess> start(ProgramCall call, std::size_t max_error_bytes = 1u << 20) {
        return ChildProcess::start(ChildSupport{home, launcher, reaper}, call, max_error_bytes, listener, problem);
    }
    std::unique_ptr<ChildProcess> shell(std::string script, std::size_t max_error_bytes = 1u << 20) {
        return start({"/bin/sh", {"sh", "-c", std::move(script)}, {"PATH=/usr/bin:/bin"}, "/"}, max_error_bytes);
    }
    bool run_to_end() {
        return host.loop().run_until([this] { return listener.end.has_value(); }, std::chrono::seconds(20));
    }
    bool run_to_output(const std::string& expected) {
        return host.loop().run_until([&] { return listener.output.find(expected) != std::string::npos; },
                                     std::chrono::seconds(10));
    }

    sluice::testing::FakeHost host;
    const Loop home = sluice::Host(host).loops().at(0);
    const Launcher launcher;
    ProcessReaper reaper{home};
    Listener listener;
    std::string problem;
};

// How many descriptors this process has.
inline std::size_t open_descriptors() {
    std::size_t count = 0;
    for (int number = 0; number < 1024; ++number) count += ::fcntl(number, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

}  // namespace sluice::claude_code::testing
