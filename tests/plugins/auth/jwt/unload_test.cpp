#include "key_server.hpp"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"
#include "sluice/testing/fake_host.hpp"
#include "sluice/testing/loaded_instance.hpp"

#include <dlfcn.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

using sluice::auth::jwt::KeyServer;
using sluice::testing::FakeHost;
using sluice::testing::LoadedInstance;

namespace {

bool is_code_mapped(const std::string& path) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(path) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("the plugin leaves memory after it has fetched keys", "[auth][jwt][unit]") {
    const std::string path = std::filesystem::canonical(SLUICE_AUTH_PLUGIN).string();
    const KeyServer server([](const std::string&) { return KeyServer::ok(R"({"keys":[]})"); });
    for (int round = 0; round < 3; ++round) {
        void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        REQUIRE(library != nullptr);
        const auto query = reinterpret_cast<decltype(&sluice_plugin_query)>(::dlsym(library, "sluice_plugin_query"));
        REQUIRE(query != nullptr);
        {
            FakeHost host;
            const auto& table = sluice::testing::table_of<sluice_middleware_api>(query(1, 0), SLUICE_MIDDLEWARE_ID);
            const LoadedInstance<sluice_middleware_api, sluice_middleware> instance(
                host, table, R"({"jwt":{"issuer":"i","audience":"a","jwks_url":")" + server.url() + "\"}}");
            REQUIRE(host.loop().run_until([&] { return server.requests() > round; }));
        }
        CHECK(is_code_mapped(path));
        CHECK(::dlclose(library) == 0);
        CHECK_FALSE(is_code_mapped(path));
    }
}
