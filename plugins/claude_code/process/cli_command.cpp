#include "process/cli_command.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <system_error>

namespace sluice::claude_code {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kKey = "ANTHROPIC_API_KEY";
constexpr std::string_view kToken = "CLAUDE_CODE_OAUTH_TOKEN";
constexpr std::string_view kBearer = "ANTHROPIC_AUTH_TOKEN";
constexpr std::array kCredentials{kKey, kToken, kBearer};

// Attachments would read files that a prompt names; a non-streaming second request would mix two answers; retries and
// the rest of the traffic cost time that the client waits.
constexpr std::string_view kSwitches[][2] = {
    {"CLAUDE_CODE_DISABLE_ATTACHMENTS", "1"},
    {"CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1"},
    {"CLAUDE_CODE_MAX_RETRIES", "1"},
    {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
    {"CLAUDE_CODE_DISABLE_CLAUDE_MDS", "1"},
    {"DISABLE_AUTOUPDATER", "1"},
    {"DISABLE_TELEMETRY", "1"},
    {"DISABLE_ERROR_REPORTING", "1"},
    {"TERM", "dumb"},
};

bool is_passed_on(std::string_view name) {
    return name == "PATH" || name == "HOME" || name == "LANG" || name == kToken || name.starts_with("ANTHROPIC_");
}

Variables passed_on(const char* const* environment) {
    Variables variables;
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry(*environment);
        const std::size_t sign = entry.find('=');
        if (sign == std::string_view::npos || !is_passed_on(entry.substr(0, sign))) continue;
        // Of a name that is there twice the first counts, as with getenv(). An empty one is as good as none.
        if (sign + 1 < entry.size()) variables.emplace(entry.substr(0, sign), entry.substr(sign + 1));
    }
    return variables;
}

// With a key the program leaves a token aside, and a bearer token goes out beside either of them: what the operator
// configured is used only if it is the only one.
void set_credentials(const Config& config, Variables& variables) {
    if (config.anthropic_api_key.empty() && config.oauth_token.empty()) return;
    for (const std::string_view name : kCredentials) variables.erase(std::string(name));
    if (!config.anthropic_api_key.empty()) {
        variables[std::string(kKey)] = config.anthropic_api_key;
    } else {
        variables[std::string(kToken)] = config.oauth_token;
    }
}

bool is_executable(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

CliCommand::CliCommand(const Config& config, const char* const* gateway_environment) : cli_path_(config.cli_path) {
    Variables variables = passed_on(gateway_environment);
    set_credentials(config, variables);
    if (!config.base_url.empty()) variables["ANTHROPIC_BASE_URL"] = config.base_url;
    variables.emplace("LANG", "C.UTF-8");
    for (const auto& [name, value] : kSwitches) variables.insert_or_assign(std::string(name), std::string(value));
    environment_.reserve(variables.size());
    for (const auto& [name, value] : variables) environment_.push_back(name + "=" + value);
}

// The system prompt is empty here and given with the first turn: without the option the program adds its own of 27 KB.
std::vector<std::string> CliCommand::arguments(const ProcessOrder& order) const {
    return {std::string(program_name()),
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
            "--include-partial-messages",
            "--tools",
            "",
            "--strict-mcp-config",
            "--setting-sources",
            "",
            "--disable-slash-commands",
            "--system-prompt",
            "",
            "--allowedTools",
            "mcp__gw",
            "--model",
            order.model,
            order.is_resumed ? "--resume" : "--session-id",
            order.session_id};
}

std::string CliCommand::find_program() const {
    if (cli_path_.find('/') != std::string::npos) {
        // Absolute, because the program starts in a folder of its own.
        std::error_code problem;
        const std::string path = std::filesystem::absolute(cli_path_, problem).string();
        return !problem && is_executable(path) ? path : std::string();
    }
    std::string_view folders = variable("PATH");
    while (!folders.empty()) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
        // Relative ones would depend on where the gateway was started.
        if (!folder.starts_with('/')) continue;
        std::string path = std::string(folder) + "/" + cli_path_;
        if (is_executable(path)) return path;
    }
    return {};
}

std::string_view CliCommand::program_name() const noexcept {
    const std::string_view path(cli_path_);
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

bool CliCommand::has_credentials() const {
    const bool has_variable = std::any_of(kCredentials.begin(), kCredentials.end(),
                                          [this](std::string_view name) { return !variable(name).empty(); });
    if (has_variable) return true;
    const std::string_view home = variable("HOME");
    struct stat status {};
    const std::string login = std::string(home) + "/.claude/.credentials.json";
    return !home.empty() && ::stat(login.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

std::vector<std::string> CliCommand::credentials() const {
    std::vector<std::string> values;
    for (const std::string_view name : kCredentials) {
        if (const std::string_view value = variable(name); !value.empty()) values.emplace_back(value);
    }
    return values;
}

std::string_view CliCommand::variable(std::string_view name) const noexcept {
    for (const std::string_view entry : environment_) {
        if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) return entry.substr(name.size() + 1);
    }
    return {};
}

}  // namespace sluice::claude_code
