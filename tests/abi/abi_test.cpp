#include "sluice/ext/command.h"
#include "sluice/ext/middleware.h"
#include "sluice/ext/store.h"
#include "sluice/plugin.h"
#include "sluice/testing/loaded_backend.hpp"

#include <catch2/catch.hpp>

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

static_assert(std::string_view(SLUICE_MANIFEST_OWNER) == "sluice");
static_assert(std::string_view(SLUICE_BACKEND_ID) == "sluice.backend/1");
static_assert(std::string_view(SLUICE_MIDDLEWARE_ID) == "sluice.middleware/1");
static_assert(std::string_view(SLUICE_HOST_LOG_ID) == "sluice.host.log/1");
static_assert(std::string_view(SLUICE_HOST_CLOCK_ID) == "sluice.host.clock/1");
static_assert(std::string_view(SLUICE_HOST_METRICS_ID) == "sluice.host.metrics/1");
static_assert(std::string_view(SLUICE_HOST_LOOP_ID) == "sluice.host.loop/1");
static_assert(std::string_view(SLUICE_HOST_STORE_ID) == "sluice.host.store/1");
static_assert(std::string_view(SLUICE_COMMAND_ID) == "sluice.command/1");

namespace {

// A plugin from a file, loaded as the host loads it.
class PluginFile {
public:
    explicit PluginFile(const std::string& path) : path_(path), handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        INFO((handle_ == nullptr ? dlerror() : path.c_str()));
        REQUIRE(handle_ != nullptr);
    }
    PluginFile(const PluginFile&) = delete;
    PluginFile& operator=(const PluginFile&) = delete;
    ~PluginFile() { dlclose(handle_); }

    const sluice_plugin* query() const {
        const auto entry = reinterpret_cast<decltype(&sluice_plugin_query)>(dlsym(handle_, "sluice_plugin_query"));
        REQUIRE(entry != nullptr);
        return entry(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR);
    }
    static bool is_mapped(const std::string& path) {
        std::vector<std::string> names;
        dl_iterate_phdr(
            [](dl_phdr_info* info, std::size_t, void* list) {
                static_cast<std::vector<std::string>*>(list)->emplace_back(info->dlpi_name);
                return 0;
            },
            &names);
        return std::find(names.begin(), names.end(), path) != names.end();
    }

private:
    std::string path_;
    void* handle_;
};

}  // namespace

TEST_CASE("a backend in plain C answers through the tables", "[abi]") {
    const PluginFile file(PLAIN_BACKEND);
    FakeHost host("front desk");
    LoadedBackend backend(host, file.query());
    const auto call = backend.answer(FakeRequest::chat("plain", "hello"));

    REQUIRE(call->is_finished());
    CHECK(call->body() == "front desk");
    CHECK(call->usage()->prompt_tokens == 1);
    CHECK(backend.models()->ids() == std::vector<std::string>{"plain"});
    CHECK(backend.paths() == std::vector<std::string>{"/v1/chat/completions", "/v1/plain/"});
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a backend that gives an error status without a terminal call has failed", "[abi]") {
    const PluginFile file(PLAIN_BACKEND);
    FakeHost host;
    LoadedBackend backend(host, file.query());
    const auto call = backend.answer(FakeRequest().set_raw_body(""));

    REQUIRE(call->error());
    CHECK(call->error()->code == "internal_error");
}

TEST_CASE("a backend in plain C refuses a configuration with a message", "[abi]") {
    const PluginFile file(PLAIN_BACKEND);
    FakeHost host;
    CHECK_THROWS_WITH(LoadedBackend(host, file.query(), "[]"), "configuration: expected a JSON object");
}

#ifdef FOREIGN_BACKEND
TEST_CASE("a plugin built with clang and libc++ answers and reports its exceptions", "[abi]") {
    const PluginFile file(FOREIGN_BACKEND);
    FakeHost host;
    LoadedBackend backend(host, file.query());
    const auto call = backend.answer(FakeRequest::chat("foreign", "over the fence"));
    REQUIRE(call->is_finished());
    CHECK(call->body().find("libc++ heard: over the fence") != std::string::npos);

    const auto refused = backend.answer(FakeRequest::chat("throw", "x"));
    REQUIRE(refused->error());
    CHECK(refused->error()->code == "internal_error");
    CHECK(refused->error()->message == "The plugin failed unexpectedly.");
    CHECK(host.log().has(SLUICE_LOG_ERROR, "thrown by libc++"));
    CHECK(host.breaches().text() == "");
}
#endif

TEST_CASE("a plugin is gone from memory after it was closed", "[abi]") {
    const std::string path = GENERATE(values<std::string>({PLUGIN_FILES}));
    CAPTURE(path);
    {
        const PluginFile file(path);
        CHECK(PluginFile::is_mapped(path));
        const sluice_plugin* plugin = file.query();
        REQUIRE(plugin != nullptr);
        CHECK(plugin->struct_size >= sizeof(sluice_plugin));
        CHECK(plugin->abi_major == SLUICE_ABI_MAJOR);
    }
    CHECK_FALSE(PluginFile::is_mapped(path));
}
