#include "plugin/table_checks.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

using namespace sluice::plugin;

namespace {

const Manifest kManifest{.abi = {1, 0}, .kinds = SLUICE_KIND_BACKEND, .name = "echo", .version = "1.0.0", .needs = {}};
const sluice_str kPaths[] = {SLUICE_STR("/v1/chat/completions")};

sluice_plugin descriptor() {
    return {sizeof(sluice_plugin),
            0,
            1,
            0,
            SLUICE_STR("echo"),
            SLUICE_STR("1.0.0"),
            {nullptr, 0},
            [](sluice_str) noexcept -> const void* { return nullptr; }};
}

sluice_backend_api backend() {
    sluice_backend_api api{};
    api.struct_size = sizeof api;
    api.paths = kPaths;
    api.path_count = 1;
    api.create = [](const sluice_host*, sluice_str, sluice_text_sink, sluice_backend**) noexcept -> sluice_status {
        return SLUICE_OK;
    };
    api.destroy = [](sluice_backend*) noexcept {};
    api.start = [](sluice_backend*, sluice_call*, const sluice_call_api*,
                   const sluice_request*) noexcept -> sluice_status { return SLUICE_OK; };
    api.models = [](sluice_backend*, sluice_models*, const sluice_models_api*) noexcept -> sluice_status {
        return SLUICE_OK;
    };
    return api;
}

sluice_middleware_api middleware() {
    sluice_middleware_api api{};
    api.struct_size = sizeof api;
    api.create = [](const sluice_host*, sluice_str, sluice_text_sink, sluice_middleware**) noexcept -> sluice_status {
        return SLUICE_OK;
    };
    api.destroy = [](sluice_middleware*) noexcept {};
    return api;
}

sluice_command_api command(sluice_str name) {
    sluice_command_api api{};
    api.struct_size = sizeof api;
    api.name = name;
    api.run = [](void*, const sluice_str*, std::size_t, sluice_text_sink, sluice_text_sink) noexcept -> std::int32_t {
        return 0;
    };
    return api;
}

}  // namespace

TEST_CASE("a descriptor that equals its manifest is taken", "[plugin][unit]") {
    const sluice_plugin plugin = descriptor();
    CHECK(checked_descriptor(&plugin, kManifest).has_value());
}

TEST_CASE("a descriptor is refused for each thing that is wrong with it", "[plugin][unit]") {
    const auto refusal = [](auto spoil) {
        sluice_plugin plugin = descriptor();
        spoil(plugin);
        return checked_descriptor(&plugin, kManifest).error();
    };
    CHECK(checked_descriptor(nullptr, kManifest).error() == "refuses to work with a host of ABI 1.0");
    CHECK(refusal([](auto& it) { it.struct_size = 8; }) == "the descriptor has 8 bytes, expected at least 72");
    CHECK(refusal([](auto& it) { it.flags = 4; }) == "the descriptor has flags 0x4, this host knows 0x0");
    CHECK(refusal([](auto& it) { it.abi_major = 2; }) == "the descriptor's ABI is \"2.0\", its manifest says \"1.0\"");
    CHECK(refusal([](auto& it) {
              it.name = {nullptr, 4};
          }) == "the descriptor's name is \"\", its manifest says \"echo\"");
    CHECK(refusal([](auto& it) { it.version.len = 3; }) ==
          "the descriptor's version is \"1.0\", its manifest says \"1.0.0\"");
    CHECK(refusal([](auto& it) { it.config_schema.len = 9; }) ==
          "the descriptor's config_schema is null but has a length of 9");
    CHECK(refusal([](auto& it) { it.get_interface = nullptr; }) ==
          "the descriptor has no get_interface, which is required");
}

TEST_CASE("a backend's table is refused for each thing that is wrong with it", "[plugin][unit]") {
    const auto refusal = [](auto spoil) {
        sluice_backend_api api = backend();
        spoil(api);
        return checked_backend(&api).error();
    };
    CHECK(checked_backend(nullptr).error() == "table sluice.backend/1 is null");
    CHECK(refusal([](auto& it) { it.struct_size = 40; }) ==
          "table sluice.backend/1 has 40 bytes, expected at least 48");
    CHECK(refusal([](auto& it) { it.flags = 3; }) == "table sluice.backend/1 has flags 0x3, this host knows 0x1");
    CHECK(refusal([](auto& it) { it.create = nullptr; }) == "table sluice.backend/1 has no create, which is required");
    CHECK(refusal([](auto& it) { it.destroy = nullptr; }) ==
          "table sluice.backend/1 has no destroy, which is required");
    CHECK(refusal([](auto& it) { it.start = nullptr; }) == "table sluice.backend/1 has no start, which is required");
    CHECK(refusal([](auto& it) { it.path_count = 0; }) == "table sluice.backend/1 declares 0 paths, expected 1 to 256");
    CHECK(refusal([](auto& it) { it.paths = nullptr; }) ==
          "table sluice.backend/1 declares 1 paths at null, expected 1 to 256");
    static const sluice_str kRelative[] = {SLUICE_STR("v1")};
    CHECK(
        refusal([](auto& it) { it.paths = kRelative; }) ==
        "table sluice.backend/1 declares path 0 as \"v1\", expected it to begin with '/' and have at most 1024 bytes");
}

TEST_CASE("members that an older plugin's table does not have read as null", "[plugin][unit]") {
    sluice_backend_api api = backend();
    api.struct_size = offsetof(sluice_backend_api, models);
    const auto checked = checked_backend(&api);
    REQUIRE(checked.has_value());
    CHECK(checked->start != nullptr);
    CHECK(checked->models == nullptr);
    api.struct_size = offsetof(sluice_backend_api, models) + 4;  // half a pointer is none
    CHECK(checked_backend(&api)->models == nullptr);
    api.struct_size = offsetof(sluice_backend_api, health);
    CHECK(checked_backend(&api)->models != nullptr);
}

TEST_CASE("a newer plugin's longer table is taken as far as this host knows it", "[plugin][unit]") {
    std::vector<std::byte> longer(sizeof(sluice_backend_api) + 64, std::byte{0xAA});
    sluice_backend_api api = backend();
    api.struct_size = static_cast<std::uint32_t>(longer.size());
    std::memcpy(longer.data(), &api, sizeof api);
    const auto checked = checked_backend(longer.data());
    REQUIRE(checked.has_value());
    CHECK(checked->models == api.models);
}

TEST_CASE("a middleware's table is refused for each thing that is wrong with it", "[plugin][unit]") {
    const auto refusal = [](auto spoil) {
        sluice_middleware_api api = middleware();
        spoil(api);
        return checked_middleware(&api).error();
    };
    const sluice_middleware_api good = middleware();
    CHECK(checked_middleware(&good).has_value());
    CHECK(checked_middleware(nullptr).error() == "table sluice.middleware/1 is null");
    CHECK(refusal([](auto& it) { it.struct_size = 16; }) ==
          "table sluice.middleware/1 has 16 bytes, expected at least 24");
    CHECK(refusal([](auto& it) { it.flags = 1; }) == "table sluice.middleware/1 has flags 0x1, this host knows 0x0");
    CHECK(refusal([](auto& it) { it.create = nullptr; }) ==
          "table sluice.middleware/1 has no create, which is required");
    CHECK(refusal([](auto& it) { it.destroy = nullptr; }) ==
          "table sluice.middleware/1 has no destroy, which is required");
}

TEST_CASE("a command with a proper name of its own is taken", "[plugin][unit]") {
    const sluice_command_api api = command(SLUICE_STR("keys-2"));
    const auto checked = checked_command(&api);
    REQUIRE(checked.has_value());
    CHECK(view_of(checked->name) == "keys-2");
}

TEST_CASE("a command's name is well-formed", "[plugin][unit]") {
    const std::string name = GENERATE(as<std::string>(), "", "Keys", "-keys", "2keys", "a b", std::string(65, 'a'));
    const sluice_command_api api = command(abi_text(name));
    const auto checked = checked_command(&api);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().find("has the name \"" + name.substr(0, 64) + "\", expected 1 to 64 small letters") !=
          std::string::npos);
}

TEST_CASE("a command of the gateway itself is no plugin's", "[plugin][unit]") {
    const std::string name = GENERATE(as<std::string>(), "serve", "check", "reload");
    const sluice_command_api api = command(abi_text(name));
    CHECK(checked_command(&api).error() ==
          "table sluice.command/1 has the name \"" + name + "\", which is a command of the gateway itself");
}

TEST_CASE("a command without run() is refused", "[plugin][unit]") {
    sluice_command_api api = command(SLUICE_STR("keys"));
    api.run = nullptr;
    CHECK(checked_command(&api).error() == "table sluice.command/1 has no run, which is required");
}
