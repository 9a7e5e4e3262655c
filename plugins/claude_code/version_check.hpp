// Asks the program for its version, the cheapest sign that it works.
#pragma once

#include <sluice/cpp/loop.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "process/child_process.hpp"
#include "process/launcher.hpp"

namespace sluice::claude_code {

// One question at a time, everything [home-loop]. Destroying it ends a program that still runs.
class VersionCheck final : private ChildUser {
public:
    struct Answer {
        std::string version;  // "2.1.197"; empty: it does not work, and why not
        std::string problem;  // for the log
        bool is_certain_failure = false;
    };
    using Done = std::function<void(const Answer&)>;

    VersionCheck(const ChildSupport& support, Done done);
    ~VersionCheck();

    // `call` is the program with the arguments that make it tell its version. Nothing happens while it is asked.
    void ask(const ProgramCall& call);

private:
    // ChildUser
    std::span<char> output_room() override { return room_; }
    void on_output(std::size_t count) noexcept override;
    void on_end(const ChildEnd& end) noexcept override;

    void too_slow() noexcept;
    void tell(Answer answer) noexcept;

    const ChildSupport support_;
    const Done done_;
    Timer timer_;
    std::unique_ptr<ChildProcess> child_;
    std::array<char, 256> room_{};
    std::string output_;
};

}  // namespace sluice::claude_code
