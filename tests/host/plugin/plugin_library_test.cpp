#include "plugin/plugin_library.hpp"

#include "observability/captured_log.hpp"
#include "plugin_image.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <vector>

using namespace sluice::plugin;

namespace {

class LoaderFixture {
protected:
    sluice::Result<std::shared_ptr<const PluginLibrary>> load(const std::string& name) {
        file_ = folder_.take(fixture(name));
        LoadOptions options;
        options.on_unload = [this](const UnloadReport& report) { reports_.push_back(report); };
        return PluginLibrary::load(file_, copies_, std::move(options));
    }

    // Why it was not loaded, without the path the error begins with. Nothing is left behind.
    std::string refusal(const std::string& name) {
        const auto library = load(name);
        if (library) {
            return "taken";
        }
        CHECK(std::filesystem::is_empty(copies_.folder()));
        CHECK(reports_.empty());
        const std::string prefix = file_.string() + ": ";
        REQUIRE(library.error().starts_with(prefix));
        return library.error().substr(prefix.size());
    }

    TemporaryFolder folder_;
    PrivateCopies copies_ = PrivateCopies::open(folder_.path() / "state").value();
    std::filesystem::path file_;
    std::vector<UnloadReport> reports_;
};

std::size_t mapping_count() {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE_METHOD(LoaderFixture, "a library gives what its plugin offers", "[plugin][unit]") {
    const auto library = load("fixture");
    REQUIRE(library.has_value());
    const PluginLibrary& loaded = **library;
    CHECK(loaded.manifest().name == "fixture");
    CHECK(loaded.source() == file_);
    CHECK(loaded.config_schema() == "{\"type\":\"object\"}");
    CHECK(loaded.sha256().size() == 64);
    REQUIRE(loaded.backend() != nullptr);
    CHECK(loaded.backend()->models == nullptr);
    REQUIRE(loaded.middleware() != nullptr);
    CHECK(loaded.middleware()->on_head == nullptr);
}

TEST_CASE_METHOD(LoaderFixture, "the code is there while the library is held, and gone afterwards", "[plugin][unit]") {
    const CapturedLog log;
    auto library = load("fixture").value();
    const std::filesystem::path path = library->loaded_path();
    CHECK(path.parent_path() == copies_.folder());
    CHECK(is_code_mapped(path));
    CHECK_FALSE(is_code_mapped(file_));
    auto second = library;
    library.reset();
    CHECK(is_code_mapped(path));
    CHECK(reports_.empty());
    const std::string sha256 = second->sha256();
    second.reset();
    CHECK_FALSE(is_code_mapped(path));
    CHECK_FALSE(std::filesystem::exists(path));
    REQUIRE(reports_.size() == 1);
    CHECK(reports_[0].outcome == UnloadOutcome::kClosed);
    CHECK(reports_[0].name == "fixture");
    CHECK(reports_[0].sha256 == sha256);
    CHECK(log.lines_with("\"event\":\"plugin_loaded\"").size() == 1);
    CHECK(log.lines_with("\"event\":\"plugin_closed\"").size() == 1);
}

TEST_CASE_METHOD(LoaderFixture, "code that stays in memory is reported and its file is kept", "[plugin][unit]") {
    const CapturedLog log;
    auto library = load("resident").value();
    const std::filesystem::path path = library->loaded_path();
    library.reset();
    CHECK(is_code_mapped(path));
    CHECK(std::filesystem::exists(path));
    REQUIRE(reports_.size() == 1);
    CHECK(reports_[0].outcome == UnloadOutcome::kResident);
    CHECK(log.lines_with("\"event\":\"plugin_resident\"").size() == 1);
}

TEST_CASE_METHOD(LoaderFixture, "one file loaded twice is two libraries", "[plugin][unit]") {
    const auto first = load("fixture").value();
    const auto second = load("fixture").value();
    CHECK(first->loaded_path() != second->loaded_path());
    CHECK(first->backend()->create != second->backend()->create);
}

TEST_CASE_METHOD(LoaderFixture, "a file that is overwritten does not disturb the loaded code", "[plugin][unit]") {
    const auto library = load("fixture").value();
    std::ofstream(file_, std::ios::trunc) << "not a plugin any more";
    CHECK(library->backend()->path_count == 2);
    CHECK(library->config_schema() == "{\"type\":\"object\"}");
}

TEST_CASE_METHOD(LoaderFixture, "loading and unloading 200 times leaves nothing behind", "[plugin][unit]") {
    for (int round = 0; round < 10; ++round) {
        REQUIRE(load("fixture").has_value());
    }
    const std::size_t before = mapping_count();
    std::size_t failures = 0;
    for (int round = 0; round < 200; ++round) {
        failures += load("fixture").has_value() ? 0 : 1;
    }
    CHECK(failures == 0);
    CHECK(reports_.size() == 210);
    for (const UnloadReport& report : reports_) {
        failures += report.outcome == UnloadOutcome::kClosed ? 0 : 1;
    }
    CHECK(failures == 0);
    // The heap and a sanitizer may add some of their own; each library would leave four or more.
    CHECK(mapping_count() <= before + 100);
    CHECK(std::filesystem::is_empty(copies_.folder()));
}

TEST_CASE_METHOD(LoaderFixture, "a plugin that was not built to the end is refused by name", "[plugin][unit]") {
    CHECK(refusal("undefined").find("undefined symbol: fixture_not_there") != std::string::npos);
    CHECK(refusal("undefined").starts_with("cannot be loaded: "));
    CHECK(refusal("without_query") == "does not export sluice_plugin_query, which is required");
    CHECK(refusal("without_manifest").starts_with("has no manifest"));
}

TEST_CASE_METHOD(LoaderFixture, "a plugin that refuses this host is refused", "[plugin][unit]") {
    CHECK(refusal("refusing") == "refuses to work with a host of ABI 1.0");
}

TEST_CASE_METHOD(LoaderFixture, "a descriptor that differs from the manifest is refused", "[plugin][unit]") {
    CHECK(refusal("other_name") == "the descriptor's name is \"other\", its manifest says \"fixture\"");
    CHECK(refusal("other_abi") == "the descriptor's ABI is \"1.7\", its manifest says \"1.0\"");
}

TEST_CASE_METHOD(LoaderFixture, "a plugin without the tables of its kinds is refused", "[plugin][unit]") {
    CHECK(refusal("without_tables") == "table sluice.backend/1 is null");
}

TEST_CASE_METHOD(LoaderFixture, "a file that is no plugin is refused before any of it runs", "[plugin][unit]") {
    const auto path = folder_.path() / "text.so";
    std::ofstream(path) << std::string(100, '#');
    CHECK(PluginLibrary::load(path, copies_).error() == path.string() + ": is no ELF file, expected a shared object");
}

TEST_CASE_METHOD(LoaderFixture, "a library knows whether its file still is what was loaded", "[plugin][unit]") {
    const auto library = load("fixture");
    REQUIRE(library.has_value());
    CHECK((*library)->is_current().value());
    // The same bytes in another file are the same plugin.
    std::filesystem::remove(file_);
    folder_.take(fixture("fixture"));
    CHECK((*library)->is_current().value());
    // One byte more behind the end is another one, whatever the clock says.
    std::ofstream(file_, std::ios::binary | std::ios::app) << 'x';
    CHECK_FALSE((*library)->is_current().value());
    std::filesystem::permissions(file_, std::filesystem::perms::others_write, std::filesystem::perm_options::add);
    CHECK((*library)->is_current().error().find("writable for everyone") != std::string::npos);
}

TEST_CASE_METHOD(LoaderFixture, "code that is to be kept stays, and is said to be kept", "[plugin][unit]") {
    file_ = folder_.take(fixture("fixture"));
    LoadOptions options;
    options.on_unload = [this](const UnloadReport& report) { reports_.push_back(report); };
    options.is_kept_loaded = true;
    auto library = PluginLibrary::load(file_, copies_, options);
    REQUIRE(library.has_value());
    const std::filesystem::path loaded = (*library)->loaded_path();
    library = sluice::Unexpected<std::string>("dropped");
    REQUIRE(reports_.size() == 1);
    CHECK(reports_[0].outcome == UnloadOutcome::kKept);
    CHECK(is_code_mapped(loaded));
}
