#include "session/session_files.hpp"

#include <stdlib.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

using sluice::claude_code::SessionFiles;

TEST_CASE("the folder of sessions is named after the working directory as the program names it",
          "[claude_code][unit]") {
    CHECK(SessionFiles("/h", "/no/Such_a.b/c-\xc3\xa9\xf0\x9f\x98\x80").folder() ==
          "/h/.claude/projects/-no-Such-a-b-c----");
}

TEST_CASE("the file of an ended session is removed, and no other", "[claude_code][unit]") {
    char home[] = "/tmp/session_files_XXXXXX";
    REQUIRE(::mkdtemp(home) != nullptr);
    const SessionFiles files(home, "/no/such");
    std::filesystem::create_directories(files.folder());
    const std::string id = "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8";
    const std::string mine = files.folder() + "/" + id + ".jsonl";
    const std::string other = files.folder() + "/other.jsonl";
    std::ofstream{mine} << "{}";
    std::ofstream{other} << "{}";
    files.remove("other");
    files.remove("../-no-such/other");
    files.remove(id);
    files.remove(id);
    CHECK_FALSE(std::filesystem::exists(mine));
    CHECK(std::filesystem::exists(other));
    std::filesystem::remove_all(home);
}

TEST_CASE("the folder of a long path is found by the beginning of its name", "[claude_code][unit]") {
    char home[] = "/tmp/session_files_XXXXXX";
    REQUIRE(::mkdtemp(home) != nullptr);
    const SessionFiles files(home, "/no/" + std::string(300, 'x'));
    const std::string name = "-no-" + std::string(196, 'x');
    CHECK(files.folder() == std::string(home) + "/.claude/projects/" + name + "-");
    files.remove("0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8");
    const std::string file = "/0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8.jsonl";
    const auto made_in = [&](const std::string& folder) {
        std::filesystem::create_directories(home + ("/.claude/projects/" + folder));
        const std::string path = home + ("/.claude/projects/" + folder) + file;
        std::ofstream{path} << "{}";
        return path;
    };
    const std::string of_another_path = made_in("-no-other");
    const std::string of_the_cut_name = made_in(name);
    made_in(name + "-another");
    std::filesystem::remove(home + ("/.claude/projects/" + name) + "-another" + file);
    const std::string mine = made_in(name + "-1a2b3c");
    files.remove("0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8");
    CHECK_FALSE(std::filesystem::exists(mine));
    CHECK(std::filesystem::exists(of_another_path));
    CHECK(std::filesystem::exists(of_the_cut_name));
    std::filesystem::remove_all(home);
}

TEST_CASE("links in the working directory are resolved", "[claude_code][unit]") {
    char home[] = "/tmp/session_files_XXXXXX";
    REQUIRE(::mkdtemp(home) != nullptr);
    std::filesystem::create_directory(std::string(home) + "/real");
    std::filesystem::create_symlink("real", std::string(home) + "/link");
    CHECK(SessionFiles("/h", std::string(home) + "/link").folder() ==
          SessionFiles("/h", std::filesystem::canonical(home).string() + "/real").folder());
    std::filesystem::remove_all(home);
}
