#include "plugin/plugin_instance.hpp"

#include "current_loop.hpp"
#include "observability/captured_log.hpp"
#include "observability/metrics.hpp"
#include "plugin_image.hpp"
#include "store/store_hub.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <thread>

using namespace sluice::plugin;

namespace {

sluice::config::Store in_memory() {
    sluice::config::Store config;
    config.namespaces["keeper"] = sluice::config::StoreKind::kMemory;
    return config;
}

struct Stage {
    Stage() { interfaces.offer(SLUICE_HOST_LOOP_ID, &current_loop_table()); }

    std::unique_ptr<MiddlewareInstance> make(const std::string& settings = "{}") {
        auto library = PluginLibrary::load(folder.take(fixture("keeper")), copies);
        REQUIRE(library.has_value());
        auto made = MiddlewareInstance::create(std::move(library).value(), {"mine", settings},
                                               {interfaces, metrics, {}, {}, &stores});
        REQUIRE(made.has_value());
        return std::move(made).value();
    }

    TemporaryFolder folder;
    PrivateCopies copies = PrivateCopies::open(folder.path()).value();
    HostInterfaces interfaces;
    sluice::observability::Metrics metrics{1, "0"};
    sluice::store::StoreHub stores{in_memory(), folder.path(), metrics};
};

}  // namespace

TEST_CASE("an instance runs its plugin's command with the words it is given", "[plugin][unit]") {
    Stage stage;
    const auto instance = stage.make();
    REQUIRE(instance->library().command() != nullptr);
    const CommandOutcome outcome = instance->run_command({"words", "a b", "", "--config"});
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output == "[words][a b][][--config]");
    CHECK(outcome.errors.empty());
}

TEST_CASE("a command gives its exit code and what went wrong", "[plugin][unit]") {
    Stage stage;
    const CommandOutcome outcome = stage.make()->run_command({"no-such-verb"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors == "keep: expected put TEXT, get or count\n");
}

TEST_CASE("a command reaches the store, and the next instance finds what it kept", "[plugin][unit]") {
    Stage stage;
    CHECK(stage.make()->run_command({"get"}).errors == "nothing is kept\n");
    CHECK(stage.make()->run_command({"put", "a text"}).exit_code == 0);
    CHECK(stage.make()->run_command({"get"}).output == "a text\n");
}

TEST_CASE("commands of one instance run one at a time", "[plugin][unit]") {
    Stage stage;
    const auto instance = stage.make();
    std::vector<std::string> outputs(4);
    std::vector<std::thread> threads;
    for (std::string& output : outputs) {
        threads.emplace_back([&] { output = instance->run_command({"count"}).output; });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::set<std::string>(outputs.begin(), outputs.end()) == std::set<std::string>{"1", "2", "3", "4"});
}

TEST_CASE("a plugin without a command offers none", "[plugin][unit]") {
    TemporaryFolder folder;
    const auto copies = PrivateCopies::open(folder.path());
    REQUIRE(copies.has_value());
    CHECK(PluginLibrary::load(folder.take(fixture("fixture")), *copies).value()->command() == nullptr);
}
