#include "plugin/version_shelf.hpp"

#include "plugin/private_copy.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <memory>
#include <string>

using namespace sluice::plugin;

namespace {

/// A plugin file whose first version served until it was replaced.
class ShelfFixture {
protected:
    ShelfFixture() {
        auto loaded = PluginLibrary::load(source_, copies_);
        REQUIRE(loaded.has_value());
        first_ = (*loaded)->sha256();
        REQUIRE(shelf_.keep(source_, **loaded).has_value());
        write("second");
    }
    void write(const std::string& what) { std::ofstream(source_, std::ios::binary | std::ios::app) << what; }
    std::string sha256_for_source() const { return sha256_of_plugin_file(shelf_.file_for(source_)).value(); }

    TemporaryFolder folder_;
    PrivateCopies copies_ = PrivateCopies::open(folder_.path() / "state").value();
    VersionShelf shelf_ = VersionShelf::open(copies_.folder()).value();
    std::filesystem::path source_ = folder_.take(std::filesystem::path(SLUICE_FIXTURE_FOLDER) / "fixture.so");
    std::string first_;
};

}  // namespace

TEST_CASE_METHOD(ShelfFixture, "a kept version is used only once somebody goes back to it", "[plugin][unit]") {
    CHECK(shelf_.file_for(source_) == source_);
    const auto back = shelf_.go_back("fixture");
    REQUIRE(back.has_value());
    CHECK(*back == "fixture 1.2.3 (" + first_.substr(0, 12) + ")");
    CHECK(shelf_.file_for(source_) != source_);
    CHECK(sha256_for_source() == first_);
}

TEST_CASE_METHOD(ShelfFixture, "what was gone back from is not taken up again, what replaces it is", "[plugin][unit]") {
    REQUIRE(shelf_.go_back("fixture").has_value());
    CHECK(shelf_.go_back("fixture").error() ==
          "plugin \"fixture\" is back at 1.2.3 (" + first_.substr(0, 12) + ") already");
    write("third");
    CHECK(shelf_.file_for(source_) == source_);
}

TEST_CASE_METHOD(ShelfFixture, "going back is remembered by the next process", "[plugin][unit]") {
    REQUIRE(shelf_.go_back("fixture").has_value());
    const VersionShelf next = VersionShelf::open(copies_.folder()).value();
    CHECK(sha256_of_plugin_file(next.file_for(source_)).value() == first_);
    shelf_.stay("fixture");
    CHECK(VersionShelf::open(copies_.folder()).value().file_for(source_) == source_);
}

TEST_CASE_METHOD(ShelfFixture, "a kept file that is damaged is forgotten", "[plugin][unit]") {
    REQUIRE(shelf_.go_back("fixture").has_value());
    const std::filesystem::path kept = shelf_.file_for(source_);
    std::filesystem::permissions(kept, std::filesystem::perms::owner_all);
    std::ofstream(kept, std::ios::binary | std::ios::app) << 'x';
    CHECK(VersionShelf::open(copies_.folder()).value().file_for(source_) == source_);
}

TEST_CASE_METHOD(ShelfFixture, "there is no going back where nothing is kept", "[plugin][unit]") {
    CHECK(shelf_.go_back("other").error() == "no earlier version of a plugin \"other\" is kept (kept: fixture)");
}
