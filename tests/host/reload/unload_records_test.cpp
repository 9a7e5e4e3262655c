#include "reload/unload_records.hpp"

#include <catch2/catch.hpp>

#include <dlfcn.h>

#include <string>

#include "observability/metrics.hpp"

using namespace sluice;
using plugin::UnloadOutcome;
using plugin::UnloadReport;

namespace {

/// The file some code of this process was loaded from: there as long as the test runs.
std::filesystem::path mapped_file() {
    Dl_info info{};
    REQUIRE(dladdr(reinterpret_cast<void*>(&fopen), &info) != 0);
    return info.dli_fname;
}

UnloadReport report(const std::string& name, const std::filesystem::path& file, UnloadOutcome outcome) {
    return {name, "1.0.0", std::string(64, 'a'), file, outcome, ""};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("closed libraries are counted by what became of them", "[reload][unit]") {
    observability::Metrics metrics(1, "1.2.3");
    reload::UnloadRecords records(metrics);
    records.note(report("a", "/nowhere/a.so", UnloadOutcome::kClosed));
    records.note(report("a", "/nowhere/a.so", UnloadOutcome::kClosed));
    records.note(report("a", mapped_file(), UnloadOutcome::kResident));
    records.note(report("b", "/nowhere/b.so", UnloadOutcome::kKept));
    CHECK(records.resident("a") == 1);
    CHECK(records.resident("b") == 0);
    const std::string page = metrics.expose();
    CHECK(has(page, "sluice_plugin_unloads_total{outcome=\"closed\",plugin=\"a\"} 2"));
    CHECK(has(page, "sluice_plugin_unloads_total{outcome=\"resident\",plugin=\"a\"} 1"));
    CHECK(has(page, "sluice_plugin_unloads_total{outcome=\"kept\",plugin=\"b\"} 1"));
    CHECK(has(page, "sluice_plugins_resident{plugin=\"a\"} 1"));
}

TEST_CASE("code that goes later is no longer resident", "[reload][unit]") {
    observability::Metrics metrics(1, "1.2.3");
    reload::UnloadRecords records(metrics);
    // Resident when it was closed, and gone by the time somebody looks.
    records.note(report("a", "/nowhere/a.so", UnloadOutcome::kResident));
    records.look_again();
    CHECK(records.resident("a") == 0);
    CHECK(records.all_resident().empty());
    CHECK(has(metrics.expose(), "sluice_plugins_resident{plugin=\"a\"} 0"));
}
