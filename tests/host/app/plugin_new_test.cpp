#include "app/plugin_new.hpp"

#include <catch2/catch.hpp>

#include <string>

#include <stdlib.h>

using namespace sluice::app;
namespace fs = std::filesystem;

namespace {

// Nothing is to be written by what these tests ask for.
const fs::path kNowhere = "/nonexistent/new";

}  // namespace

TEST_CASE("an unknown kind or language is refused with those there are", "[app][unit]") {
    const auto kind = make_plugin_repository({"a", "filter", "cpp", kNowhere}, SLUICE_TEMPLATES);
    REQUIRE_FALSE(kind);
    CHECK(kind.error() == "--kind: found \"filter\", expected one of backend, middleware");
    const auto language = make_plugin_repository({"a", "backend", "go", kNowhere}, SLUICE_TEMPLATES);
    REQUIRE_FALSE(language);
    CHECK(language.error() == "--lang: found \"go\", expected one of cpp, c, rust");
}

TEST_CASE("a gateway without the SDK's templates says which one it looked for", "[app][unit]") {
    const auto made = make_plugin_repository({"a", "backend", "cpp", kNowhere}, "/nonexistent/templates");
    REQUIRE_FALSE(made);
    CHECK_THAT(made.error(), Catch::Contains("/nonexistent/templates/cpp-backend") && Catch::Contains("sluice-sdk"));
}

TEST_CASE("every language and kind of this tree's templates becomes a repository", "[app][unit]") {
    const std::string language = GENERATE("cpp", "c");
    const std::string kind = GENERATE("backend", "middleware");
    std::string pattern = (fs::temp_directory_path() / "sluice-new-XXXXXX").string();
    const fs::path scratch = mkdtemp(pattern.data());
    const auto made = make_plugin_repository({"first-one", kind, language, scratch / "repository"}, SLUICE_TEMPLATES);
    REQUIRE(made);
    CHECK(fs::exists(*made / ("src/first_one." + language)));
    CHECK(fs::exists(*made / "tests/first_one_test.cpp"));
    for (const char* file : {"README.md", ".gitignore", "gateway.yaml", "CMakeLists.txt"})
        CHECK(fs::exists(*made / file));
    fs::remove_all(scratch);
}
