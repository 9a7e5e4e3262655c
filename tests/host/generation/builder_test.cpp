#include "generation/builder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "scripted.hpp"
#include "workshop.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct Idle final : PuppetBackend, PuppetMiddleware {
    sluice_status start(sluice_call*, const sluice_call_api&, const sluice_request&) override { return SLUICE_E_STATE; }
};

struct Stage {
    generation::BuildResult build(const config::Environment& environment = {},
                                  const generation::Generation* running = nullptr) {
        backend::QueryLoop loop{nullptr, [](const std::function<void()>&) { return false; }};
        generation::BuildServices services{
            workshop.services, workshop.copies, workshop.metrics, workshop.workers, loop, SLUICE_TEST_PLUGIN_DIR,
            "1.2.3",           reaper};
        return generation::build({config, {}, 7, running}, environment, services);
    }
    void add_backend(const std::string& name, const std::string& plugin, const std::string& settings) {
        config.backends.push_back({name, plugin, config::Isolation::kNone, settings, {}});
    }
    void add_middleware(const std::string& name, const std::string& plugin, const std::string& settings) {
        config.middleware.push_back({name, plugin, config::Isolation::kNone, settings, {}});
    }
    /// Each problem's path and message in a line of its own.
    std::string problems() {
        auto result = build();
        CHECK((result.generation == nullptr) == !result.problems.empty());
        std::string text;
        for (const config::Problem& problem : result.problems) text += problem.text() + "\n";
        return text;
    }
    Workshop workshop;
    plugin::Reaper* reaper = nullptr;
    Idle puppet;
    std::string address = address_of<PuppetBackend>(puppet);
    std::string middleware_address = address_of<PuppetMiddleware>(puppet);
    config::Config config;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a generation holds what the configuration names, in its order", "[generation][unit]") {
    Stage stage;
    stage.add_backend("one", "puppet.so", stage.address);
    stage.add_backend("two", plugin_file("puppet_blocking.so").string(), stage.address);
    stage.add_middleware("first", "puppet.so", stage.middleware_address);
    stage.add_middleware("second", "puppet.so", stage.middleware_address);
    stage.config.routes.emplace_back().targets = {{.backend = "two"}};
    auto result = stage.build();
    REQUIRE(result.generation);
    const generation::Generation& built = *result.generation;
    CHECK(built.number == 7);
    REQUIRE(built.backends.size() == 2);
    CHECK(built.backends[0]->name() == "one");
    CHECK(built.backends[0]->is_async());
    CHECK_FALSE(built.backends[1]->is_async());
    REQUIRE(built.chain.size() == 2);
    CHECK(built.chain.at(0).name() == "first");
    CHECK(built.chain.at(1).name() == "second");
    CHECK(built.router->route(http::Request(), {}).backend == built.backends[1].get());
    // Nobody runs what is asked on this loop; a blocking backend is asked on a worker.
    CHECK(has(built.health->answer().body, R"("checks":{"one":"error","two":"ok"})"));
}

TEST_CASE("a plugin file that is not there is a problem of its instance", "[generation][unit]") {
    Stage stage;
    stage.add_backend("one", "missing.so", "{}");
    stage.add_middleware("two", "/nowhere/missing.so", "{}");
    std::string text = stage.problems();
    CHECK(has(text, "backends.one.plugin"));
    CHECK(has(text, "missing.so"));
    CHECK(has(text, "middleware[0].plugin"));
}

TEST_CASE("a file that is no plugin is a problem of its instance", "[generation][unit]") {
    Stage stage;
    stage.add_backend("one", "/proc/self/exe", "{}");
    CHECK(has(stage.problems(), "backends.one.plugin"));
}

TEST_CASE("a plugin of the wrong kind is a problem of its instance", "[generation][unit]") {
    Stage stage;
    stage.add_middleware("two", std::string(SLUICE_PLUGIN_DIR) + "/echo.so", "{}");
    CHECK(has(stage.problems(), "middleware[0].plugin: echo.so is no middleware plugin"));
}

TEST_CASE("a configuration that the plugin's schema refuses is a problem with its path", "[generation][unit]") {
    Stage stage;
    stage.add_backend("one", "puppet.so", R"({"adress": "5"})");
    stage.add_middleware("two", "puppet.so", R"({"address": 5})");
    std::string text = stage.problems();
    CHECK(has(text, "backends.one.config"));
    CHECK(has(text, "adress"));
    CHECK(has(text, "middleware[0].config.address"));
}

TEST_CASE("what an instance says against its configuration is a problem of the instance", "[generation][unit]") {
    Stage stage;
    stage.add_backend("one", "puppet.so", "{}");
    stage.add_middleware("two", "puppet.so", "{}");
    std::string text = stage.problems();
    CHECK(has(text, "backends.one: "));
    CHECK(has(text, "middleware[0]: "));
    CHECK(has(text, "address: found none, expected that of a puppet"));
}

TEST_CASE("all problems are found at once, and nothing stays loaded", "[generation][unit]") {
    Stage stage;
    stage.add_backend("good", "puppet.so", stage.address);
    stage.add_backend("bad", "puppet.so", "{}");
    stage.add_backend("missing", "missing.so", "{}");
    auto result = stage.build();
    CHECK(result.generation == nullptr);
    CHECK(result.problems.size() == 2);
    CHECK(std::filesystem::is_empty(stage.workshop.copies.folder()));
}

TEST_CASE("a generation that is dropped unloads its plugins", "[generation][unit]") {
    Stage stage;
    stage.add_backend("one", "puppet.so", stage.address);
    auto result = stage.build();
    REQUIRE(result.generation);
    std::filesystem::path loaded;
    for (const auto& file : std::filesystem::directory_iterator(stage.workshop.copies.folder())) loaded = file.path();
    CHECK(plugin::is_code_mapped(loaded));
    result.generation.reset();
    CHECK_FALSE(plugin::is_code_mapped(loaded));
}

TEST_CASE("the next generation shares what has not changed, and makes the rest anew", "[generation][unit]") {
    Stage stage;
    stage.add_backend("same", "puppet.so", stage.address);
    stage.add_backend("other", "puppet.so", stage.address);
    stage.add_middleware("link", "puppet.so", stage.middleware_address);
    auto first = stage.build();
    REQUIRE(first.generation);
    Idle another;
    stage.config.backends[1].config_json = address_of<PuppetBackend>(another);
    std::reverse(stage.config.backends.begin(), stage.config.backends.end());
    auto second = stage.build({}, first.generation.get());
    REQUIRE(second.generation);
    CHECK(second.generation->backends[1] == first.generation->backends[0]);
    CHECK(second.generation->backends[0] != first.generation->backends[1]);
    CHECK(second.generation->backends[0]->name() == "other");
    CHECK(second.generation->chain.links() == first.generation->chain.links());
    CHECK(second.generation->libraries == first.generation->libraries);
    CHECK(second.generation->catalog != first.generation->catalog);
}

TEST_CASE("a plugin file that was overwritten is loaded beside the one that serves", "[generation][unit]") {
    Stage stage;
    const std::filesystem::path file = stage.workshop.folder.path() / "puppet.so";
    std::filesystem::copy_file(plugin_file("puppet.so"), file);
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    stage.add_backend("one", file.string(), stage.address);
    auto first = stage.build();
    REQUIRE(first.generation);
    std::ofstream(file, std::ios::binary | std::ios::app) << "more";
    auto second = stage.build({}, first.generation.get());
    REQUIRE(second.generation);
    const auto& before = *first.generation->libraries.at({file, config::Isolation::kNone});
    const auto& after = *second.generation->libraries.at({file, config::Isolation::kNone});
    CHECK(before.sha256() != after.sha256());
    CHECK(plugin::is_code_mapped(before.loaded_path()));
    CHECK(plugin::is_code_mapped(after.loaded_path()));
    const std::filesystem::path old_code = before.loaded_path();
    first.generation.reset();
    CHECK_FALSE(plugin::is_code_mapped(old_code));
}

TEST_CASE("two files with one plugin's name are refused before either is loaded", "[generation][unit]") {
    Stage stage;
    const std::filesystem::path file = stage.workshop.folder.path() / "twin.so";
    std::filesystem::copy_file(plugin_file("puppet.so"), file);
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    stage.add_backend("one", "puppet.so", stage.address);
    stage.add_backend("two", file.string(), stage.address);
    std::string text = stage.problems();
    CHECK(has(text, "backends.two.plugin: " + file.string() + " is a plugin named \"puppet\", as "));
    CHECK(has(text, "(backends.one); expected one file for each name"));
}

TEST_CASE("with a reaper, what is dropped is destroyed on its thread", "[generation][unit]") {
    Stage stage;
    plugin::Reaper reaper;
    stage.reaper = &reaper;
    stage.add_backend("one", "puppet.so", stage.address);
    auto result = stage.build();
    REQUIRE(result.generation);
    const std::filesystem::path loaded = result.generation->libraries.begin()->second->loaded_path();
    result.generation.reset();
    reaper.settle();
    CHECK_FALSE(plugin::is_code_mapped(loaded));
}
