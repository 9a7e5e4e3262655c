// `sluice plugin check` and its neighbours, run as a person runs them.
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/wait.h>

namespace {

struct Run {
    int code = -1;
    std::string output;

    bool has(const std::string& words) const { return output.find(words) != std::string::npos; }
    int count(const std::string& words) const {
        int count = 0;
        for (std::size_t at = output.find(words); at != std::string::npos; at = output.find(words, at + 1)) ++count;
        return count;
    }
};

class ToolFixture {
protected:
    ToolFixture() {
        // The sanitizers' own handlers turn a signal into an exit.
        for (const char* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
            const char* const set = std::getenv(name);
            setenv(name, (std::string(set == nullptr ? "" : set) + ":handle_segv=0:handle_abort=0").c_str(), 1);
        }
    }

    /// `sluice plugin <tool> <file> <options>`, both streams.
    Run run(const std::string& tool, const std::string& file, const std::string& settings = "{}",
            const std::string& options = "") const {
        const std::filesystem::path taken = folder_.take(file);
        std::ofstream(folder_.path() / "settings.json") << settings;
        std::string command = std::string(SLUICE_PROGRAM) + " plugin " + tool + " " + taken.string();
        if (tool != "inspect") command += " --settings " + (folder_.path() / "settings.json").string();
        std::FILE* const pipe = popen((command + " " + options + " 2>&1").c_str(), "r");
        REQUIRE(pipe != nullptr);
        Run result;
        std::array<char, 4096> piece;
        for (std::size_t count = 0; (count = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
            result.output.append(piece.data(), count);
        }
        const int status = pclose(pipe);
        result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return result;
    }

    Run check_rogue(const std::string& breaks, const std::string& options = "") const {
        return run("check", SLUICE_ROGUE, "{\"breaks\":\"" + breaks + "\"}", options);
    }

    void expect_found(const std::string& breaks, const std::string& check, const std::string& found) const {
        const Run result = check_rogue(breaks, "--timeout 2");
        INFO(result.output);
        CHECK(result.code == 1);
        const std::size_t line = result.output.find("FAILED: " + check + ": ");
        REQUIRE(line != std::string::npos);
        CHECK(result.output.substr(line, result.output.find('\n', line) - line).find(found) != std::string::npos);
    }

    void check_shipped(const std::string& name, const std::string& settings) const {
        const Run result = run("check", std::string(SLUICE_PLUGIN_DIR) + "/" + name + ".so", settings);
        INFO(result.output);
        CHECK(result.code == 0);
        CHECK(result.count("FAILED") == 0);
        CHECK(result.count("ok: ") >= 12);
        CHECK(result.has("ok: its code is gone after it was unloaded"));
    }

    TemporaryFolder folder_;
};

std::string shipped(const std::string& name) { return std::string(SLUICE_PLUGIN_DIR) + "/" + name + ".so"; }

}  // namespace

TEST_CASE_METHOD(ToolFixture, "the echo plugin keeps to the contract", "[conformance]") { check_shipped("echo", "{}"); }

TEST_CASE_METHOD(ToolFixture, "the fault plugin keeps to the contract", "[conformance]") {
    check_shipped("fault", "{}");
    check_shipped("fault", R"({"token_ms":1,"jitter":0.5,"tokens":20,"repeat":true,"script":[
        {"status":503},{"fault":"reset"},{"fault":"cut","after":2},{"fault":"error_event","after":2},{"share":0.5}]})");
}

TEST_CASE_METHOD(ToolFixture, "the openai plugin keeps to the contract", "[conformance]") {
    check_shipped("openai", R"({"base_url":"http://127.0.0.1:9/v1","api_key":"sk-conformance"})");
}

TEST_CASE_METHOD(ToolFixture, "the claude_code plugin keeps to the contract", "[conformance]") {
    check_shipped("claude_code", R"({"cli_path":"/nonexistent/claude"})");
}

TEST_CASE_METHOD(ToolFixture, "the auth plugin keeps to the contract", "[conformance]") {
    check_shipped("auth", R"({"keys":[{"name":"one","key":"sk-conformance"}]})");
    check_shipped("auth", "{}");
}

TEST_CASE_METHOD(ToolFixture, "the ratelimit plugin keeps to the contract", "[conformance]") {
    check_shipped("ratelimit",
                  R"({"limits":[{"per":"address","requests":50},{"per":"global","concurrent":4,"queue_ms":50}]})");
}

TEST_CASE_METHOD(ToolFixture, "a plugin that breaks no rule passes", "[conformance]") {
    const Run result = check_rogue("nothing");
    INFO(result.output);
    CHECK(result.code == 0);
    CHECK(result.count("ok: ") == 24);
}

TEST_CASE_METHOD(ToolFixture, "a backend that breaks a rule of calls is found by name", "[conformance]") {
    const auto [breaks, found] = GENERATE(table<std::string, std::string>({
        {"finishes twice", "finish() was called after the terminal call"},
        {"writes after the end", "write() was called after the terminal call"},
        {"begins twice", "begin() was called twice"},
        {"never ends", "no terminal call came within 1000 ms, expected exactly one"},
        {"leaves a descriptor", "(/dev/null) open, expected none"},
        {"leaves a timer", "a timer outlives its instance"},
        {"crashes in start", "died of SIGSEGV (segmentation fault)"},
    }));
    expect_found(breaks, "backend: a call gets exactly one terminal call", found);
}

TEST_CASE_METHOD(ToolFixture, "a middleware that breaks a rule of verdicts is found by name", "[conformance]") {
    const auto [breaks, found] = GENERATE(table<std::string, std::string>({
        {"refuses without an error", "the verdict is REFUSE, but refuse() was not called"},
        {"resumes twice", "resume() was called twice"},
    }));
    expect_found(breaks, "middleware: exchanges that end early are completed", found);
}

TEST_CASE_METHOD(ToolFixture, "an instance that breaks a rule of its life is found by name", "[conformance]") {
    const auto [breaks, check, found] = GENERATE(table<std::string, std::string, std::string>({
        {"leaves a thread", "an instance is made, and destroyed without a call", "left 2 threads running"},
        {"connects at once", "an instance that is only tried starts nothing and changes nothing", "opened socket:"},
        {"refuses silently", "an instance is made, and destroyed without a call", "create() failed without a message"},
    }));
    expect_found(breaks, check, found);
}

TEST_CASE_METHOD(ToolFixture, "a plugin that hangs is found within the time limit, check by check", "[conformance]") {
    const Run result = check_rogue("hangs in destroy", "--timeout 1");
    INFO(result.output);
    CHECK(result.code == 1);
    CHECK(result.has("FAILED: an instance is made, and destroyed without a call: did not end within 1 s"));
    CHECK(result.has("ok: an unknown key of the configuration is refused"));
    CHECK(result.has("ok: its code is gone after it was unloaded"));
}

TEST_CASE_METHOD(ToolFixture, "a plugin that does not refuse unknown keys, or stays in memory, is found",
                 "[conformance]") {
    const Run lax = run("check", std::string(SLUICE_FIXTURE_FOLDER) + "/fixture.so");
    CHECK(lax.has("FAILED: an unknown key of the configuration is refused: the schema takes the key"));
    const std::string resident = std::string(SLUICE_FIXTURE_FOLDER) + "/resident.so";
    CHECK(run("check", resident)
              .has("FAILED: its code is gone after it was unloaded: its code stays in memory: is "
                   "marked NODELETE"));
    CHECK(run("check", resident, "{}", "--allow-resident").has("allowed: its code is gone after it was unloaded"));
}

TEST_CASE_METHOD(ToolFixture, "a file that cannot be loaded, and settings that do not fit, are findings",
                 "[conformance]") {
    const Run missing = run("check", std::string(SLUICE_FIXTURE_FOLDER) + "/needy.so");
    CHECK(missing.code == 1);
    CHECK(missing.has("FAILED: its file can be loaded: "));
    CHECK(missing.has("needs sluice.host.future/1"));
    const Run unfit = run("check", shipped("echo"), R"({"nothing":1})");
    CHECK(unfit.code == 1);
    CHECK(unfit.has("FAILED: it is loaded: the settings do not satisfy the schema: config.nothing: "));
    const Run crashing = run("check", SLUICE_ROGUE, "{}", "--timeout 0");
    CHECK(crashing.code == 2);
    CHECK(crashing.has("--timeout: found \"0\", expected 1 to 3600 seconds"));
}

TEST_CASE_METHOD(ToolFixture, "a plugin is inspected without running it", "[conformance]") {
    const Run result = run("inspect", SLUICE_ROGUE);
    INFO(result.output);
    CHECK(result.code == 0);
    for (const char* line : {"name      rogue\n", "abi       1.0\n", "kinds     backend, middleware (example)\n",
                             "needs     sluice.host.loop/1\n", "sha256    "}) {
        CHECK(result.has(line));
    }
    const Run needy = run("inspect", std::string(SLUICE_FIXTURE_FOLDER) + "/needy.so");
    CHECK(needy.code == 1);
    CHECK(needy.has("needs     sluice.host.future/1 (not offered by this version)\n"));
}

TEST_CASE_METHOD(ToolFixture, "a bench says what calls, events and hooks cost", "[conformance]") {
    const Run echo = run("bench", shipped("echo"));
    INFO(echo.output);
    CHECK(echo.code == 0);
    CHECK(echo.has(" ns  call for a whole answer\n"));
    CHECK(echo.has(" ns  each event of 504 more\n"));
    const Run rogue = run("bench", SLUICE_ROGUE, R"({"breaks":"crashes in start"})");
    CHECK(rogue.code == 1);
    CHECK(rogue.has("died of SIGSEGV (segmentation fault)"));
    CHECK(run("bench", SLUICE_ROGUE).has(" ns  on_head\n"));
}
