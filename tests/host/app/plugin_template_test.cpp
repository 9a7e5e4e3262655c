#include "app/plugin_template.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <stdlib.h>

using namespace sluice::app;
namespace fs = std::filesystem;

namespace {

/// A folder that goes with the test.
class Scratch {
public:
    Scratch() {
        std::string pattern = (fs::temp_directory_path() / "sluice-template-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~Scratch() { fs::remove_all(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    fs::path operator/(const char* name) const { return path_ / name; }
    void write(const char* name, const std::string& text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name) << text;
    }

private:
    fs::path path_;
};

std::string content_of(const fs::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

PluginName named(const char* text) {
    auto name = PluginName::parse(text);
    REQUIRE(name);
    return *name;
}

}  // namespace

TEST_CASE("a plugin's name is put in as it is, as an identifier and as a class", "[app][unit]") {
    const std::string sources = "my-plugin my_plugin MyPlugin my_plugin_test";
    CHECK(named("hello").put_into(sources) == "hello hello Hello hello_test");
    CHECK(named("rate-guard_2").put_into(sources) == "rate-guard_2 rate_guard_2 RateGuard2 rate_guard_2_test");
    CHECK(named("my-plugin").put_into(sources) == sources);
    CHECK(named("not-my_plugin").put_into("my-plugin") == "not-my_plugin");
}

TEST_CASE("a name that no manifest or CMake takes is refused with what was found and expected", "[app][unit]") {
    const auto [name, expected] = GENERATE(table<std::string, std::string>({{"", "a letter of a to z"},
                                                                            {"Hello", "a letter of a to z"},
                                                                            {"2nd", "a letter of a to z"},
                                                                            {"_x", "a letter of a to z"},
                                                                            {"a/b", "only a to z"},
                                                                            {"..", "a letter of a to z"},
                                                                            {std::string(32, 'a'), "at most 31"},
                                                                            {"test", "CMake"}}));
    const auto parsed = PluginName::parse(name);
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error(), Catch::Contains("\"" + name + "\"") && Catch::Contains(expected));
    CHECK(PluginName::parse(std::string(31, 'a')));
}

TEST_CASE("a template is copied with the name in files and contents, without what builds left there", "[app][unit]") {
    const Scratch scratch;
    scratch.write("templates/c-backend/src/my_plugin.c", "MyPlugin in my-plugin");
    scratch.write("templates/c-backend/.gitignore", "/build/");
    scratch.write("templates/c-backend/build/my-plugin.so", "left there");
    scratch.write("templates/c-backend/.cargo/config.toml", "left there");
    const auto copied = copy_template(scratch / "templates/c-backend", named("a-b"), scratch / "new");
    REQUIRE(copied);
    CHECK(*copied == 2);
    CHECK(content_of(scratch / "new/src/a_b.c") == "AB in a-b");
    CHECK(content_of(scratch / "new/.gitignore") == "/build/");
    CHECK_FALSE(fs::exists(scratch / "new/.cargo"));
    CHECK_FALSE(fs::exists(scratch / "new/build"));
}

TEST_CASE("a folder that exists is left as it is", "[app][unit]") {
    const Scratch scratch;
    scratch.write("template/file", "new");
    scratch.write("taken/file", "old");
    const auto copied = copy_template(scratch / "template", named("a"), scratch / "taken");
    REQUIRE_FALSE(copied);
    CHECK_THAT(copied.error(), Catch::Contains("taken: exists already"));
    CHECK(content_of(scratch / "taken/file") == "old");
}

TEST_CASE("a copy that fails leaves no folder behind", "[app][unit]") {
    const Scratch scratch;
    scratch.write("template/a", "readable");
    fs::create_symlink("nowhere", scratch / "template/b");
    const auto copied = copy_template(scratch / "template", named("a"), scratch / "new");
    REQUIRE_FALSE(copied);
    CHECK_THAT(copied.error(), Catch::Contains("template/b: cannot be read"));
    CHECK_FALSE(fs::exists(scratch / "new"));
}
