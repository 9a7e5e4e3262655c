// What a plugin needs of its host, from the note in its file to the refusal to load it.
#include "plugin/elf_inspector.hpp"

#include "plugin/plugin_library.hpp"
#include "plugin_image.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

using namespace sluice::plugin;

namespace {

// The fixture "needy", whose list of needs is replaced by as many bytes.
sluice::Result<Manifest> inspect_needy(std::string_view in_place_of_needs, const HostOffer& host) {
    const TemporaryFolder folder;
    PluginImage image(fixture("needy"));
    constexpr std::string_view kNeeds = "sluice.host.store/1 sluice.host.future/1";
    auto* const begin = reinterpret_cast<char*>(image.bytes().data());
    const std::size_t at = std::string_view(begin, image.bytes().size()).find(kNeeds);
    REQUIRE(at != std::string_view::npos);
    if (!in_place_of_needs.empty()) {
        REQUIRE(in_place_of_needs.size() == kNeeds.size());
        std::memcpy(begin + at, in_place_of_needs.data(), in_place_of_needs.size());
    }
    return inspect_plugin_file(folder.write("plugin.so", image.bytes()), host);
}

// What stands behind the path.
std::string refusal(const sluice::Result<Manifest>& manifest) {
    return manifest ? "taken" : manifest.error().substr(manifest.error().find(".so: ") + 5);
}

const int offered_table = 0;

}  // namespace

TEST_CASE("what a plugin needs is read from its file", "[plugin][unit]") {
    const auto manifest = inspect_needy("", {});
    REQUIRE(manifest);
    CHECK(manifest->needs == std::vector<std::string>{"sluice.host.store/1", "sluice.host.future/1"});
    const TemporaryFolder folder;
    CHECK(inspect_plugin_file(folder.take(fixture("fixture")))->needs.empty());
}

TEST_CASE("a host that lacks what a plugin needs refuses it by all that is missing", "[plugin][unit]") {
    HostInterfaces interfaces;
    CHECK(refusal(inspect_needy("", {{}, &interfaces})) ==
          "built for ABI 1.0, this host offers 1.0: needs sluice.host.future/1");
    CHECK(refusal(inspect_needy("sluice.host.st0re/1 sluice.host.future/1", {{}, &interfaces})) ==
          "built for ABI 1.0, this host offers 1.0: needs sluice.host.st0re/1 sluice.host.future/1");
    interfaces.offer("sluice.host.future/1", &offered_table);
    CHECK(refusal(inspect_needy("", {{}, &interfaces})) == "taken");
}

TEST_CASE("a list of needs that is none is refused", "[plugin][unit]") {
    CHECK(refusal(inspect_needy("sluice.host.store/1\nsluice.host.future/1", {})) ==
          "needs \"sluice.host.store/1?sluice.host.future/1\", expected ids like sluice.host.loop/1 with blanks "
          "between");
    CHECK_THAT(refusal(inspect_needy(std::string(40, 'a'), {})), Catch::Equals("taken"));
}

TEST_CASE("a plugin is not loaded into a host that lacks what it needs", "[plugin][unit]") {
    const TemporaryFolder folder;
    const HostInterfaces interfaces;
    const auto copies = PrivateCopies::open(folder.path() / "state", {{}, &interfaces});
    REQUIRE(copies);
    const auto file = folder.take(fixture("needy"));
    const auto library = PluginLibrary::load(file, *copies);
    REQUIRE_FALSE(library);
    CHECK(library.error() == file.string() + ": built for ABI 1.0, this host offers 1.0: needs sluice.host.future/1");
}
