#include "process/cli_command.hpp"

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sluice::claude_code;

namespace {

using Texts = std::vector<std::string>;

const Texts kFixed{"CLAUDE_CODE_DISABLE_ATTACHMENTS=1",
                   "CLAUDE_CODE_DISABLE_CLAUDE_MDS=1",
                   "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
                   "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK=1",
                   "CLAUDE_CODE_MAX_RETRIES=1",
                   "DISABLE_AUTOUPDATER=1",
                   "DISABLE_ERROR_REPORTING=1",
                   "DISABLE_TELEMETRY=1",
                   "TERM=dumb"};

Texts with_fixed(Texts own) {
    own.insert(own.end(), kFixed.begin(), kFixed.end());
    std::sort(own.begin(), own.end());
    return own;
}

Texts environment_of(const Config& config, std::vector<const char*> gateway) {
    gateway.push_back(nullptr);
    Texts found = CliCommand(config, gateway.data()).environment();
    std::sort(found.begin(), found.end());
    return found;
}

// A folder that is removed with its contents.
struct Folder {
    Folder() {
        char name[] = "/tmp/sluice-cli-command-XXXXXX";
        path = mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

void put(const std::filesystem::path& path, mode_t mode) {
    std::ofstream(path) << "#!/bin/sh\n";
    chmod(path.c_str(), mode);
}

}  // namespace

TEST_CASE("of the gateway's environment only the allowed names are passed on", "[claude_code][command]") {
    CHECK(environment_of({}, {"PATH=/bin", "HOME=/home/op", "LANG=de_DE.UTF-8", "LD_PRELOAD=/x.so", "API_KEY=s",
                              "CLAUDECODE=1", "ANTHROPIC_MODEL=m", "XANTHROPIC_A=1", "TERM=xterm",
                              "CLAUDE_CODE_OAUTH_TOKEN=t", "ANTHROPIC_MODEL=second", "ANTHROPIC_API_KEY=", "odd"}) ==
          with_fixed(
              {"PATH=/bin", "HOME=/home/op", "LANG=de_DE.UTF-8", "ANTHROPIC_MODEL=m", "CLAUDE_CODE_OAUTH_TOKEN=t"}));
    CHECK(environment_of({}, {}) == with_fixed({"LANG=C.UTF-8"}));
}

TEST_CASE("a configured credential is the only one there is", "[claude_code][command]") {
    const std::vector<const char*> gateway{"ANTHROPIC_API_KEY=k0", "CLAUDE_CODE_OAUTH_TOKEN=t0",
                                           "ANTHROPIC_AUTH_TOKEN=b0", "ANTHROPIC_BASE_URL=http://zero"};
    Config config;
    config.base_url = "http://one";
    SECTION("a key") {
        config.anthropic_api_key = "k1";
        CHECK(environment_of(config, gateway) ==
              with_fixed({"ANTHROPIC_API_KEY=k1", "ANTHROPIC_BASE_URL=http://one", "LANG=C.UTF-8"}));
    }
    SECTION("a token") {
        config.oauth_token = "t1";
        CHECK(environment_of(config, gateway) ==
              with_fixed({"CLAUDE_CODE_OAUTH_TOKEN=t1", "ANTHROPIC_BASE_URL=http://one", "LANG=C.UTF-8"}));
    }
    SECTION("both: the program uses the key") {
        config.anthropic_api_key = "k1";
        config.oauth_token = "t1";
        CHECK(environment_of(config, gateway) ==
              with_fixed({"ANTHROPIC_API_KEY=k1", "ANTHROPIC_BASE_URL=http://one", "LANG=C.UTF-8"}));
    }
}

TEST_CASE("a session is begun or resumed by its id, and no secret is an argument", "[claude_code][command]") {
    Config config;
    config.cli_path = "/opt/some/claude";
    config.anthropic_api_key = "sk-secret";
    const char* const none[] = {nullptr};
    const CliCommand command(config, none);
    const Texts fresh = command.arguments({"opus", "u-1", false});
    CHECK(fresh.front() == "claude");
    CHECK(Texts(fresh.end() - 4, fresh.end()) == Texts{"--model", "opus", "--session-id", "u-1"});
    CHECK(std::count(fresh.begin(), fresh.end(), "") == 3);
    CHECK(command.arguments({"opus", "u-1", true})[20] == "--resume");
    for (const std::string& argument : fresh) CHECK(argument.find("secret") == std::string::npos);
}

TEST_CASE("the program is looked up in PATH each time", "[claude_code][command]") {
    const Folder folder;
    const std::string path = "PATH=relative::" + (folder.path / "missing").string() + ":" + folder.path.string();
    const char* const gateway[] = {path.c_str(), nullptr};
    const CliCommand command({}, gateway);
    CHECK(command.find_program().empty());
    put(folder.path / "claude", 0644);
    CHECK(command.find_program().empty());
    chmod((folder.path / "claude").c_str(), 0755);
    CHECK(command.find_program() == (folder.path / "claude").string());
}

TEST_CASE("the credentials the program gets are known, wherever they come from", "[claude_code][command]") {
    const char* const gateway[] = {"ANTHROPIC_AUTH_TOKEN=bearer", "ANTHROPIC_BASE_URL=http://x", nullptr};
    Config config;
    CHECK(CliCommand(config, gateway).credentials() == std::vector<std::string>{"bearer"});
    config.oauth_token = "token";
    CHECK(CliCommand(config, gateway).credentials() == std::vector<std::string>{"token"});
}

TEST_CASE("credentials are a key, a token or the file of a login", "[claude_code][command]") {
    const Folder home;
    const std::string variable = "HOME=" + home.path.string();
    const char* const gateway[] = {variable.c_str(), nullptr};
    Config config;
    CHECK_FALSE(CliCommand(config, gateway).has_credentials());
    SECTION("a login") {
        const CliCommand command(config, gateway);
        std::filesystem::create_directory(home.path / ".claude");
        put(home.path / ".claude/.credentials.json", 0600);
        CHECK(command.has_credentials());
    }
    SECTION("a key") {
        config.anthropic_api_key = "k";
        CHECK(CliCommand(config, gateway).has_credentials());
    }
}
