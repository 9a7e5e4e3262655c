#include "reload/status_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "http/error_table.hpp"

namespace sluice::reload {

namespace {

constexpr std::size_t kShownDigits = 12;

std::string json_string(std::string_view text) {
    std::string json;
    http::append_json_string(json, text);
    return json;
}

std::string time_text(std::chrono::system_clock::time_point at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

std::string_view word_of(Outcome::Kind kind) {
    switch (kind) {
        case Outcome::Kind::kDone: return "done";
        case Outcome::Kind::kUnchanged: return "unchanged";
        case Outcome::Kind::kRefused: break;
    }
    return "refused";
}

/// The names of the instances of one library, with commas between.
std::string instances_of(const plugin::PluginLibrary& library, const generation::Generation& generation,
                         std::string (*written)(std::string_view)) {
    std::string names;
    auto add = [&](const plugin::PluginInstance& instance) {
        if (&instance.library() == &library) names += (names.empty() ? "" : ", ") + written(instance.name());
    };
    for (const auto& backend : generation.backends) add(backend->instance());
    for (const auto& link : generation.chain.links()) add(*link);
    return names;
}

std::string plain(std::string_view text) { return std::string(text); }

std::string_view kind_text(const plugin::Manifest& manifest) {
    if (manifest.has_backend()) return manifest.has_middleware() ? "both" : "backend";
    return "middleware";
}

}  // namespace

std::string status_text(const Status& status) {
    std::string text = fmt::format("sluice {}: generation {} serves, with {} plugins, {} backends, {} middleware\n",
                                   status.version, status.serving->number, status.serving->libraries.size(),
                                   status.serving->backends.size(), status.serving->chain.size());
    for (const auto& draining : status.draining) {
        text += fmt::format("generation {} {} since {} ms\n", draining.number,
                            draining.is_cut ? "is cut off and still held" : "drains", draining.age.count());
    }
    for (const plugin::UnloadReport& report : status.resident) {
        text += fmt::format("closed but still in memory: {} {} ({})\n", report.name, report.version,
                            report.sha256.substr(0, kShownDigits));
    }
    if (status.last_reload) {
        const Reloader::Last& last = *status.last_reload;
        text += fmt::format("last reload: {} at {} ({})\n", word_of(last.outcome.kind), time_text(last.at), last.cause);
        if (last.outcome.kind == Outcome::Kind::kRefused) text += refusal_text(last.outcome);
    }
    return text;
}

std::string status_json(const Status& status) {
    std::string json =
        fmt::format(R"({{"version":{},"generation":{},"plugins":{},"backends":{},"middleware":{})",
                    json_string(status.version), status.serving->number, status.serving->libraries.size(),
                    status.serving->backends.size(), status.serving->chain.size());
    json += R"(,"draining":[)";
    for (const auto& draining : status.draining) {
        json += fmt::format(R"({}{{"generation":{},"age_ms":{},"is_cut":{}}})", json.back() == '[' ? "" : ",",
                            draining.number, draining.age.count(), draining.is_cut);
    }
    json += fmt::format(R"(],"resident":{},"last_reload":)", status.resident.size());
    if (!status.last_reload) return json + "null}\n";
    const Reloader::Last& last = *status.last_reload;
    json += fmt::format(R"({{"result":"{}","at":"{}","cause":{},"step":{},"problems":[)", word_of(last.outcome.kind),
                        time_text(last.at), json_string(last.cause), json_string(last.outcome.step));
    for (const config::Problem& problem : last.outcome.problems) {
        json += (json.back() == '[' ? "" : ",") + json_string(problem.text());
    }
    return json + "]}}\n";
}

std::string plugins_text(const Status& status) {
    std::string text =
        fmt::format("{:<14} {:<10} {:<5} {:<11} {:<13} {}\n", "NAME", "VERSION", "ABI", "KIND", "SHA256", "INSTANCES");
    for (const auto& [key, library] : status.serving->libraries) {
        const std::filesystem::path& source = key.first;
        const plugin::Manifest& manifest = library->manifest();
        text += fmt::format("{:<14} {:<10} {:<5} {:<11} {:<13} {}\n", manifest.name, manifest.version,
                            manifest.abi.text(), kind_text(manifest), library->sha256().substr(0, kShownDigits),
                            instances_of(*library, *status.serving, plain));
        text += fmt::format("  from {}{}{}\n", source.string(),
                            key.second == config::Isolation::kProcess ? ", in a process of its own" : "",
                            library->source() == source ? "" : ", gone back to the version before what is there now");
    }
    for (const plugin::UnloadReport& report : status.resident) {
        text += fmt::format("{:<14} {:<10} closed, but still in memory ({}): {}\n", report.name, report.version,
                            report.sha256.substr(0, kShownDigits), report.reason);
    }
    return text;
}

std::string plugins_json(const Status& status) {
    std::string json = R"({"plugins":[)";
    for (const auto& [key, library] : status.serving->libraries) {
        const std::filesystem::path& source = key.first;
        const plugin::Manifest& manifest = library->manifest();
        json += fmt::format(
            R"({}{{"name":"{}","version":"{}","abi":"{}","kind":"{}","sha256":"{}","file":{},"is_isolated":{},"is_rolled_back":{},"instances":[{}]}})",
            json.back() == '[' ? "" : ",", manifest.name, manifest.version, manifest.abi.text(), kind_text(manifest),
            library->sha256(), json_string(source.string()), key.second == config::Isolation::kProcess,
            library->source() != source, instances_of(*library, *status.serving, json_string));
    }
    json += R"(],"resident":[)";
    for (const plugin::UnloadReport& report : status.resident) {
        json += fmt::format(R"({}{{"name":"{}","version":"{}","sha256":"{}"}})", json.back() == '[' ? "" : ",",
                            report.name, report.version, report.sha256);
    }
    return json + "]}\n";
}

std::string outcome_text(const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::kRefused) return {};
    if (outcome.kind == Outcome::Kind::kUnchanged) {
        return fmt::format("nothing changed: generation {} goes on\n", outcome.generation);
    }
    std::string text = fmt::format("generation {} serves (was {})\n", outcome.generation, outcome.previous);
    for (const std::string& change : outcome.changes) text += change + "\n";
    return text;
}

std::string refusal_text(const Outcome& outcome) {
    std::string text;
    for (const config::Problem& problem : outcome.problems) {
        text += fmt::format("sluice: reload refused at step {}: {}\n", outcome.step, problem.text());
    }
    return text + fmt::format("generation {} goes on\n", outcome.generation);
}

}  // namespace sluice::reload
