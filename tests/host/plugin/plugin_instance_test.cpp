#include "plugin/plugin_instance.hpp"

#include "observability/captured_log.hpp"
#include "observability/metrics.hpp"
#include "plugin/captured_text.hpp"
#include "plugin_image.hpp"
#include "sluice/ext/folder.h"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::plugin;

namespace {

class InstanceFixture {
protected:
    std::shared_ptr<const PluginLibrary> load() {
        return PluginLibrary::load(folder_.take(fixture("fixture")), copies_).value();
    }

    InstanceServices services() { return {interfaces_, metrics_}; }

    TemporaryFolder folder_;
    PrivateCopies copies_ = PrivateCopies::open(folder_.path()).value();
    HostInterfaces interfaces_;
    sluice::observability::Metrics metrics_{1, "0"};
};

}  // namespace

TEST_CASE_METHOD(InstanceFixture, "an instance has its own host table with its name", "[plugin][unit]") {
    const auto instance = BackendInstance::create(load(), {"mine", "{}"}, services()).value();
    CHECK(instance->handle() != nullptr);
    CHECK(instance->is_async());
    const sluice_host* const host = instance->host_table();
    CHECK(std::string(host->instance.ptr, host->instance.len) == "mine");
    CHECK(host->struct_size == sizeof(sluice_host));
    CHECK(host->abi_major == SLUICE_ABI_MAJOR);
    CHECK(&PluginInstance::from(host) == instance.get());
}

TEST_CASE_METHOD(InstanceFixture, "a backend serves its paths and what is below them", "[plugin][unit]") {
    const auto instance = BackendInstance::create(load(), {"mine", "{}"}, services()).value();
    CHECK(instance->serves("/v1/chat/completions"));
    CHECK_FALSE(instance->serves("/v1/chat/completions/x"));
    CHECK(instance->serves("/v1/files/abc"));
    CHECK(instance->serves("/v1/files/"));
    CHECK_FALSE(instance->serves("/v1/files"));
    CHECK_FALSE(instance->serves("/v1/models"));
}

TEST_CASE_METHOD(InstanceFixture, "an instance is destroyed before its code is unloaded", "[plugin][unit]") {
    const CapturedLog log;
    auto instance = BackendInstance::create(load(), {"mine", "{}"}, services()).value();
    const std::filesystem::path path = instance->library().loaded_path();
    CHECK(is_code_mapped(path));
    instance.reset();
    CHECK_FALSE(is_code_mapped(path));
    const std::string text = log.text();
    const std::size_t destroyed = text.find("\"message\":\"destroyed\",\"plugin\":\"fixture\",\"instance\":\"mine\"");
    REQUIRE(destroyed != std::string::npos);
    CHECK(text.find("plugin_closed") > destroyed);
}

TEST_CASE_METHOD(InstanceFixture, "a create() that fails gives the plugin's own words", "[plugin][unit]") {
    const CapturedLog log;
    const auto instance = BackendInstance::create(load(), {"mine", R"({"fail":1})"}, services());
    REQUIRE_FALSE(instance.has_value());
    CHECK(instance.error() ==
          "instance \"mine\" of plugin fixture 1.2.3: create() failed with SLUICE_E_INVALID: upstream: found nothing, "
          "expected a URL");
    CHECK(log.lines_with("destroyed").empty());
    CHECK(log.lines_with("plugin_closed").size() == 1);
}

TEST_CASE_METHOD(InstanceFixture, "a create() that gives no instance has failed", "[plugin][unit]") {
    const auto instance = MiddlewareInstance::create(load(), {"mine", R"({"empty":1})"}, services());
    REQUIRE_FALSE(instance.has_value());
    CHECK(instance.error() == "instance \"mine\" of plugin fixture 1.2.3: create() succeeded but gave no instance");
}

TEST_CASE_METHOD(InstanceFixture, "an instance uses log, metrics and clock of the host", "[plugin][unit]") {
    const CapturedLog log;
    auto instance = MiddlewareInstance::create(load(), {"mine", R"({"services":1})"}, services());
    REQUIRE(instance.has_value());
    CHECK((*instance)->handle() != nullptr);
    CHECK(log.lines_with(R"("event":"plugin","message":"services used","plugin":"fixture","instance":"mine")").size() ==
          1);
    CHECK(log.lines_with("plugin_metric_refused").size() == 1);
    CHECK(metrics_.expose().find("sluice_fixture_created_total{instance=\"mine\"} 2\n") != std::string::npos);
    std::move(instance).value().reset();
    CHECK(metrics_.expose().find("sluice_fixture") == std::string::npos);
}

TEST_CASE_METHOD(InstanceFixture, "an instance has a private folder of its own that outlives it", "[plugin][unit]") {
    HostInterfaces interfaces;
    const auto& table = *static_cast<const sluice_host_folder*>(interfaces.find(SLUICE_HOST_FOLDER_ID));
    InstanceServices with_folders{interfaces, metrics_, {}, folder_.path() / "instances"};
    const auto folder_of = [&](const char* name, const InstanceServices& services) {
        const auto instance = BackendInstance::create(load(), {name, "{}"}, services).value();
        CapturedText text;
        const sluice_status status = table.path(instance->host_table(), text.sink());
        return (status < 0 ? "failed: " : "") + std::string(text.text());
    };
    const std::filesystem::path folder = folder_of("mine", with_folders);
    CHECK(folder == folder_.path() / "instances" / "mine");
    CHECK(std::filesystem::status(folder).permissions() == std::filesystem::perms::owner_all);
    CHECK(folder_of("mine", with_folders) == folder);
    CHECK(folder_of("..", with_folders) == "failed: the instance's name \"..\" is not fit for a folder");
    CHECK(folder_of("a/b", with_folders) == "failed: the instance's name \"a/b\" is not fit for a folder");
    CHECK(folder_of("mine", services()) == "failed: this gateway has no folder for its state");
}

TEST_CASE_METHOD(InstanceFixture, "instances share a library, the last one unloads it", "[plugin][unit]") {
    auto library = load();
    const std::filesystem::path path = library->loaded_path();
    auto first = BackendInstance::create(library, {"one", "{}"}, services()).value();
    auto second = MiddlewareInstance::create(std::move(library), {"two", "{}"}, services()).value();
    first.reset();
    CHECK(is_code_mapped(path));
    second.reset();
    CHECK_FALSE(is_code_mapped(path));
}

TEST_CASE("interfaces are found by their id and can be replaced", "[plugin][unit]") {
    HostInterfaces interfaces;
    CHECK(interfaces.find("sluice.host.log/1") != nullptr);
    CHECK(interfaces.find("sluice.host.metrics/1") != nullptr);
    CHECK(interfaces.find("sluice.host.clock/1") != nullptr);
    CHECK(interfaces.find("sluice.host.loop/1") == nullptr);
    CHECK(interfaces.find("sluice.host.log/2") == nullptr);
    static const int table = 0;
    interfaces.offer("sluice.host.clock/1", &table);
    CHECK(interfaces.find("sluice.host.clock/1") == &table);
}

TEST_CASE("a plugin's long error is kept up to a limit", "[plugin][unit]") {
    CapturedText captured;
    const sluice_text_sink sink = captured.sink();
    const std::string piece(3000, 'x');
    for (int round = 0; round < 3; ++round) {
        sink.put(sink.ctx, {piece.data(), piece.size()});
    }
    sink.put(sink.ctx, {nullptr, 10});
    CHECK(captured.text() == std::string(CapturedText::kMaxBytes, 'x'));
}
