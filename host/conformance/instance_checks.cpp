// What holds for every instance, whatever it does.
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/loaded_backend.hpp>
#include <sluice/testing/loaded_middleware.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include "conformance/check.hpp"
#include "conformance/remains.hpp"
#include "plugin/schema_settings.hpp"

namespace sluice::conformance {

namespace {

using testing::FakeHost;

/// Longer than a plugin waits that puts off what it has to do at first.
constexpr std::chrono::milliseconds kSettled{400};

/// One instance of each kind of the plugin.
struct Instances {
    Instances(FakeHost& host, const Subject& subject) {
        const plugin::PluginLibrary& library = *subject.library;
        if (library.backend() != nullptr) backend.emplace(host, *library.backend(), subject.settings);
        if (library.middleware() != nullptr) middleware.emplace(host, *library.middleware(), subject.settings);
    }
    std::optional<testing::LoadedBackend> backend;
    std::optional<testing::LoadedMiddleware> middleware;
};

std::string found_in(FakeHost& host, const Remains& before) {
    const std::string breaches = host.breaches().text();
    return breaches.empty() ? left_behind(before) : breaches;
}

std::string is_made_and_destroyed(const Subject& subject) {
    FakeHost host("check", testing::Time::kReal);
    const Remains before = Remains::now();
    { const Instances instances(host, subject); }
    return found_in(host, before);
}

std::string stands_beside_another(const Subject& subject) {
    FakeHost first_host("first", testing::Time::kReal);
    FakeHost second_host("second", testing::Time::kReal);
    const Remains before = Remains::now();
    {
        std::optional<Instances> first(std::in_place, first_host, subject);
        const Instances second(second_host, subject);
        first.reset();  // the older one goes first, as after a reload
        second_host.loop().run_ready();
    }
    const std::string found = found_in(first_host, before);
    return found.empty() ? found_in(second_host, before) : found;
}

std::string refuses_unknown_keys(const Subject& subject) {
    constexpr std::string_view kUnknown = "\"conformance_unknown_key\":1";
    const std::size_t brace = subject.settings.find('{');
    const std::size_t next = subject.settings.find_first_not_of(" \t\r\n", brace + 1);
    const bool is_empty = next == std::string::npos || subject.settings[next] == '}';
    const std::string settings =
        "{" + std::string(kUnknown) + (is_empty ? "" : ",") + subject.settings.substr(brace + 1);
    if (!plugin::settings_by_schema(settings, *subject.library)) return "";
    return fmt::format(
        "the schema takes the key {}, expected it to refuse what it does not know "
        "(\"additionalProperties\": false)",
        kUnknown.substr(0, kUnknown.find(':')));
}

/// Empty where the instance works without the interface, or says why it does not.
std::string does_without(const Subject& subject, const std::string& id) {
    FakeHost host("check", testing::Time::kReal);
    host.withhold(id);
    const Remains before = Remains::now();
    try {
        const Instances instances(host, subject);
    } catch (const std::runtime_error& refusal) {
        if (std::string_view(refusal.what()).empty()) return id + ": create() failed without a message";
    }
    const std::string found = found_in(host, before);
    return found.empty() ? "" : "without " + id + ": " + found;
}

std::string does_without_interfaces(const Subject& subject) {
    constexpr std::array kOffered{SLUICE_HOST_LOG_ID,    SLUICE_HOST_METRICS_ID, SLUICE_HOST_CLOCK_ID,
                                  SLUICE_HOST_FOLDER_ID, SLUICE_HOST_STORE_ID,   SLUICE_HOST_LOOP_ID};
    const std::vector<std::string>& needs = subject.library->manifest().needs;
    for (const char* id : kOffered) {
        // A host without it does not even load the plugin.
        if (std::find(needs.begin(), needs.end(), id) != needs.end()) continue;
        if (std::string found = does_without(subject, id); !found.empty()) return found;
    }
    return "";
}

std::string written_files(FakeHost& host) {
    std::error_code failure;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(host.folder().path(), failure)) {
        return "wrote " + entry.path().filename().string() + " into its folder";
    }
    return "";
}

std::string asked_of_store(FakeHost& host) {
    for (const char* function : {"put", "remove", "add", "compare_and_set", "take"}) {
        if (host.store().calls(function) > 0) return fmt::format("asked the store for {}()", function);
    }
    return "";
}

std::string starts_nothing_in_a_probe(const Subject& subject) {
    FakeHost host("check", testing::Time::kReal);
    host.pretend_probe();
    const Remains before = Remains::now();
    std::string found;
    {
        const Instances instances(host, subject);
        const auto end = std::chrono::steady_clock::now() + kSettled;
        host.loop().run_until([&] { return std::chrono::steady_clock::now() >= end; });
        found = started_since(before);
    }
    if (found.empty()) found = written_files(host);
    if (found.empty()) found = asked_of_store(host);
    if (!found.empty()) return found + ", expected nothing of that where SLUICE_HOST_PROBE is set";
    return found_in(host, before);
}

}  // namespace

std::vector<Check> instance_checks() {
    return {
        {"an instance is made, and destroyed without a call", is_made_and_destroyed},
        {"an instance stands beside an older one, and outlives it", stands_beside_another},
        {"an unknown key of the configuration is refused", refuses_unknown_keys},
        {"what a host does not offer is done without, or create() says why not", does_without_interfaces},
        {"an instance that is only tried starts nothing and changes nothing", starts_nothing_in_a_probe},
    };
}

}  // namespace sluice::conformance
