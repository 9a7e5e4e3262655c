// `sluice keys`: create, list, show, rotate, revoke.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command_line.hpp"
#include "keys/key_register.hpp"
#include "sluice/cpp/host.hpp"

namespace sluice::auth {

// One run of the command. Waits for the store: never on a loop's thread.
class KeysCommand {
public:
    // `registry` is null where the configuration has no managed keys.
    KeysCommand(Log log, Clock clock, KeyRegister* registry) : log_(log), clock_(clock), registry_(registry) {}

    // The exit code: 0 = done, 1 = failed, 2 = wrong arguments.
    int run(const std::vector<std::string_view>& arguments, std::string& output, std::string& errors);
    // The records that were written, in that order; also after a failure.
    const std::vector<KeyRegister::Stored>& changed() const noexcept { return changed_; }

private:
    using Words = std::vector<std::string_view>;

    // These two add to `output` what they have done, also before they throw.
    void dispatch(std::string_view action, const Words& words, std::string& output);
    void rotate(const Words& words, std::string& output);
    KeyRegister::Stored end_old(std::string_view id, const std::string& successor,
                                std::chrono::milliseconds overlap) const;
    std::string create(const Words& words);
    std::string list(const Words& words);
    std::string show(const Words& words);
    std::string revoke(const Words& words);
    std::string made_text(const KeyRegister::Made& made, bool is_json) const;
    KeyRegister& registry() const;
    void note(const std::string& change) const { log_.info("keys: " + change); }

    Log log_;
    Clock clock_;
    KeyRegister* registry_;
    std::vector<KeyRegister::Stored> changed_;
};

}  // namespace sluice::auth
