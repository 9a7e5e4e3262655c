#include "generation/command_builder.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "plugin/current_loop.hpp"
#include "store/store_hub.hpp"
#include "workshop.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

config::Store in_memory() {
    config::Store config;
    config.namespaces["keeper"] = config::StoreKind::kMemory;
    return config;
}

struct Stage {
    Stage() {
        workshop.interfaces.offer(SLUICE_HOST_LOOP_ID, &plugin::current_loop_table());
        workshop.services.stores = &stores;
        config.middleware.push_back({"keeper-1", SLUICE_KEEPER_FILE, config::Isolation::kNone, "{}", {}});
    }
    generation::BuildServices services() {
        backend::QueryLoop loop{nullptr, [](const std::function<void()>&) { return false; }};
        return {workshop.services,      workshop.copies, workshop.metrics, workshop.workers, loop,
                SLUICE_TEST_PLUGIN_DIR, "1.2.3"};
    }
    generation::CommandSearch search(std::string_view name) {
        return generation::build_for_command(config, {}, services(), name);
    }

    Workshop workshop;
    store::StoreHub stores{in_memory(), workshop.folder.path(), workshop.metrics};
    config::Config config;
};

}  // namespace

TEST_CASE("a command gets the first instance whose plugin offers it, and no other is made", "[generation][unit]") {
    Stage stage;
    // None of these could be made.
    stage.config.backends.push_back({"one", "puppet.so", config::Isolation::kNone, "{}", {}});
    stage.config.backends.push_back({"missing", "missing.so", config::Isolation::kNone, "{}", {}});
    stage.config.middleware.push_back(
        {"keeper-2", SLUICE_KEEPER_FILE, config::Isolation::kNone, R"({"colour": "blue"})", {}});
    const auto search = stage.search("keep");
    REQUIRE(search.instance);
    CHECK(search.problems.empty());
    CHECK(search.instance->name() == "keeper-1");
    CHECK(search.instance->run_command({"words", "a"}).output == "[words][a]");
}

TEST_CASE("where nobody offers a command, those there are and what is in the way are told", "[generation][unit]") {
    Stage stage;
    stage.config.backends.push_back({"missing", "missing.so", config::Isolation::kNone, "{}", {}});
    const auto search = stage.search("keys");
    CHECK_FALSE(search.instance);
    CHECK(search.offered == std::vector<std::string>{"keep"});
    REQUIRE(search.problems.size() == 1);
    CHECK(search.problems[0].text().find("backends.missing.plugin") == 0);
}

TEST_CASE("an instance that cannot be made for its command is a problem with its path", "[generation][unit]") {
    Stage stage;
    stage.config.middleware[0].config_json = R"({"colour": "blue"})";
    const auto search = stage.search("keep");
    CHECK_FALSE(search.instance);
    REQUIRE_FALSE(search.problems.empty());
    CHECK(search.problems[0].text().find("middleware[0].config") == 0);
}

TEST_CASE("a generation knows who has which command, the first of the configuration", "[generation][unit]") {
    Stage stage;
    stage.config.middleware.push_back(
        {"keeper-2", SLUICE_KEEPER_FILE, config::Isolation::kNone, R"({"guards": true})", {}});
    const auto built = generation::build({stage.config}, {}, stage.services());
    REQUIRE(built.generation);
    REQUIRE(built.generation->commands.size() == 1);
    CHECK(built.generation->commands.find("keep")->second->name() == "keeper-1");
    CHECK(built.generation->chain.is_guarding());
}

TEST_CASE("a chain guards if one of its links says so", "[generation][unit]") {
    Stage stage;
    const auto built = generation::build({stage.config}, {}, stage.services());
    REQUIRE(built.generation);
    CHECK_FALSE(built.generation->chain.is_guarding());
}
