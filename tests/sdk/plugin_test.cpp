#include "sluice/cpp/plugin.hpp"
#include "sluice/testing/loaded_backend.hpp"
#include "sluice/testing/loaded_middleware.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace {

class Answers : public sluice::CompletionBackend {
public:
    static constexpr std::string_view kConfigSchema = R"({"type":"object"})";
    void complete(const sluice::Request&, sluice::Completion& completion) override { completion.write("yes"); }
};

class Watches : public sluice::Middleware {
public:
    static constexpr std::uint32_t kManifestFlags = SLUICE_MANIFEST_EXAMPLE;
    void on_complete(const sluice::Summary&) override {}
};

}  // namespace

SLUICE_PLUGIN("both-kinds", "1.2.3", Answers, Watches)

using sluice::testing::FakeHost;

TEST_CASE("the descriptor says what the manifest says", "[sdk][unit]") {
    const sluice_plugin* plugin = sluice_plugin_query(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR);
    REQUIRE(plugin != nullptr);
    CHECK(plugin->struct_size == sizeof(sluice_plugin));
    CHECK(sluice::to_view(plugin->name) == sluice_manifest_.name);
    CHECK(sluice::to_view(plugin->version) == sluice_manifest_.version);
    CHECK(plugin->abi_major == sluice_manifest_.abi_major);
    CHECK(sluice::to_view(plugin->config_schema) == R"({"type":"object"})");
    CHECK(sluice_manifest_.kinds == (SLUICE_KIND_BACKEND | SLUICE_KIND_MIDDLEWARE));
    CHECK(sluice_manifest_.flags == SLUICE_MANIFEST_EXAMPLE);
    CHECK(sluice_manifest_.owner_bytes == sizeof(SLUICE_MANIFEST_OWNER));
}

TEST_CASE("one plugin may be a backend and a middleware", "[sdk][unit]") {
    FakeHost host;
    sluice::testing::LoadedBackend backend(host, sluice_plugin_query(1, 0));
    CHECK(backend.answer(sluice::testing::FakeRequest::chat("m", "hi"))->body().find("yes") != std::string::npos);
    sluice::testing::LoadedMiddleware middleware(host, sluice_plugin_query(1, 0));
    CHECK(middleware.table().on_complete != nullptr);
    CHECK(middleware.table().on_head == nullptr);
}

TEST_CASE("an interface that a plugin does not have is not found", "[sdk][unit]") {
    CHECK(sluice_plugin_query(1, 0)->get_interface(sluice::to_str("sluice.backend/2")) == nullptr);
    CHECK(sluice_plugin_query(1, 0)->get_interface(sluice::to_str("")) == nullptr);
    FakeHost host;
    CHECK_THROWS_WITH(sluice::testing::table_of<int>(nullptr, "x/1"), "the plugin has no interface \"x/1\"");
}

TEST_CASE("a host of another major version gets no plugin", "[sdk][unit]") {
    CHECK(sluice_plugin_query(SLUICE_ABI_MAJOR + 1, 0) == nullptr);
    CHECK(sluice_plugin_query(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR + 5) != nullptr);
}
