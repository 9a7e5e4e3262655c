#include "app/command_line.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice::app;

namespace {

using Words = std::vector<std::string>;

std::optional<CommandLine> parsed(Words words, int& exit_code) {
    words.insert(words.begin(), "sluice");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data(), exit_code);
}

CommandLine parsed(const Words& words) {
    int exit_code = 0;
    auto line = parsed(words, exit_code);
    REQUIRE(line);
    return *line;
}

}  // namespace

TEST_CASE("the gateway's own commands are read as before", "[app][unit]") {
    CHECK(parsed({}).command == Command::kServe);
    CHECK(parsed({"serve", "--config", "f"}).config_file == "f");
    const CommandLine check = parsed({"--config=f", "check"});
    CHECK(check.command == Command::kCheck);
    CHECK(check.config_file == "f");
}

TEST_CASE("another first word is a plugin's command, with all that stands behind it", "[app][unit]") {
    const CommandLine line = parsed({"keys", "create", "--name", "a b", "-x", "", "--help"});
    CHECK(line.command == Command::kPlugin);
    CHECK(line.name == "keys");
    CHECK(line.arguments == Words{"create", "--name", "a b", "-x", "", "--help"});
    CHECK(line.config_file.empty());
}

TEST_CASE("the option --config is the gateway's wherever it stands before a lone --", "[app][unit]") {
    const Words words = GENERATE(Words{"--config", "f", "keys", "list"}, Words{"keys", "--config", "f", "list"},
                                 Words{"keys", "list", "--config=f"}, Words{"--config=f", "keys", "list"});
    const CommandLine line = parsed(words);
    CHECK(line.name == "keys");
    CHECK(line.arguments == Words{"list"});
    CHECK(line.config_file == "f");
}

TEST_CASE("the option --config behind a lone -- is the plugin's", "[app][unit]") {
    const CommandLine line = parsed({"keys", "--config", "f", "--", "--config", "g", "--config=h"});
    CHECK(line.arguments == Words{"--", "--config", "g", "--config=h"});
    CHECK(line.config_file == "f");
}

TEST_CASE("mistakes have their exit code", "[app][unit]") {
    int exit_code = 0;
    CHECK_FALSE(parsed({"keys", "--config"}, exit_code));
    CHECK(exit_code == 2);
    CHECK_FALSE(parsed({"--no-such-option"}, exit_code));
    CHECK(exit_code != 0);
}

TEST_CASE("what only a running gateway knows is asked of it, what is done with files is not", "[app][unit]") {
    CHECK(parsed({"reload", "--dry-run"}).command == Command::kGateway);
    CHECK(parsed({"reload", "--dry-run"}).arguments == Words{"--dry-run"});
    CHECK(parsed({"plugin", "rollback", "openai"}).command == Command::kGateway);
    CHECK(parsed({"route", "explain", "--model", "m"}).command == Command::kRoute);
    CHECK(parsed({"route", "explain", "--model", "m"}).arguments == Words{"explain", "--model", "m"});
    CHECK(parsed({"plugin", "inspect", "x.so"}).command == Command::kPluginTool);
    CHECK(parsed({"plugin"}).command == Command::kPluginTool);
    CHECK(parsed({"plugin", "--help"}).command == Command::kPluginTool);
}
