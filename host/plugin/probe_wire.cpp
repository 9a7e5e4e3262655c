#include "plugin/probe_wire.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "observability/json_text.hpp"

namespace sluice::plugin {

namespace {

struct StepWords {
    ProbeStep step;
    std::string_view wire;
    std::string_view name;
    std::string_view text;
};

constexpr std::array kSteps{
    StepWords{ProbeStep::kStart, "start", "start", "before it looked at the file (start)"},
    StepWords{ProbeStep::kInspect, "inspect", "inspect", "while its file was inspected (inspect)"},
    StepWords{ProbeStep::kLoad, "load", "load", "while its static constructors ran (load)"},
    StepWords{ProbeStep::kQuery, "query", "load", "while sluice_plugin_query ran (load)"},
    StepWords{ProbeStep::kCreate, "create", "create", "in create"},
    StepWords{ProbeStep::kDestroy, "destroy", "destroy", "in destroy"},
    StepWords{ProbeStep::kUnload, "unload", "destroy", "while its code was unloaded (destroy)"},
};

const StepWords& words_of(ProbeStep step) {
    return *std::find_if(kSteps.begin(), kSteps.end(), [&](const StepWords& each) { return each.step == step; });
}

/// The object that the text is; null for anything else.
Poco::JSON::Object::Ptr parsed_object(const std::string& json) {
    try {
        Poco::JSON::Parser parser;
        Poco::Dynamic::Var value = parser.parse(json);
        if (value.type() == typeid(Poco::JSON::Object::Ptr)) return value.extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception&) {
        // Not JSON: as good as no object.
    }
    return {};
}

void append_member(std::string& json, std::string_view key, std::string_view text) {
    json += json.empty() || json.back() == '{' ? "\"" : ",\"";
    json += key;
    json += "\":";
    observability::append_json_string(json, text);
}

void append_member(std::string& json, std::string_view key, std::uint64_t number) {
    json += json.empty() || json.back() == '{' ? "\"" : ",\"";
    json += key;
    json += "\":" + std::to_string(number);
}

std::vector<ProbedInstance> read_instances(const Poco::JSON::Object& order) {
    std::vector<ProbedInstance> instances;
    const auto array = order.getArray("instances");
    for (std::size_t index = 0; array && index < array->size(); ++index) {
        const auto each = array->getObject(static_cast<unsigned>(index));
        instances.push_back({each->getValue<std::string>("name"), each->getValue<std::string>("config"),
                             each->getValue<std::string>("kind") == "backend"});
    }
    return instances;
}

void take_line(const std::string& line, ProbeReport& report) {
    const auto object = parsed_object(line);
    if (!object) return;
    if (object->has("refused")) {
        report.has_refused = true;
        report.refusal = object->optValue<std::string>("refused", "");
    }
    report.has_ended = report.has_ended || object->has("ended");
    const std::string name = object->optValue<std::string>("step", "");
    const auto* step =
        std::find_if(kSteps.begin(), kSteps.end(), [&](const StepWords& each) { return each.wire == name; });
    if (step == kSteps.end()) return;
    report.step = step->step;
    report.instance = object->optValue<std::string>("instance", "");
}

}  // namespace

std::string probe_order_json(const ProbeOrder& order) {
    std::string json = "{";
    append_member(json, "parent", static_cast<std::uint64_t>(order.parent));
    append_member(json, "timeout_ms", static_cast<std::uint64_t>(order.limits.timeout.count()));
    append_member(json, "max_file_bytes", order.limits.max_file_bytes);
    append_member(json, "max_descriptors", order.limits.max_descriptors);
    append_member(json, "folder", order.folder.native());
    append_member(json, "file", order.request.file.native());
    json += ",\"instances\":[";
    for (const ProbedInstance& instance : order.request.instances) {
        if (json.back() != '[') json += ',';
        json += '{';
        append_member(json, "name", instance.name);
        append_member(json, "config", instance.config_json);
        append_member(json, "kind", std::string_view(instance.is_backend ? "backend" : "middleware"));
        json += '}';
    }
    return json + "]}";
}

Result<ProbeOrder> read_probe_order(const std::string& json) {
    const auto object = parsed_object(json);
    if (!object) return Unexpected<std::string>("the order of the probe is no JSON object");
    try {
        ProbeOrder order;
        order.parent = object->getValue<int>("parent");
        order.limits.timeout = std::chrono::milliseconds(object->getValue<Poco::Int64>("timeout_ms"));
        order.limits.max_file_bytes = object->getValue<Poco::UInt64>("max_file_bytes");
        order.limits.max_descriptors = object->getValue<Poco::UInt64>("max_descriptors");
        order.folder = object->getValue<std::string>("folder");
        order.request.file = object->getValue<std::string>("file");
        order.request.instances = read_instances(*object);
        return order;
    } catch (const Poco::Exception& error) {
        return Unexpected("the order of the probe lacks something: " + error.displayText());
    }
}

std::string probe_step_line(ProbeStep step, std::string_view instance) {
    std::string line = "{";
    append_member(line, "step", words_of(step).wire);
    append_member(line, "instance", instance);
    return line + "}\n";
}

std::string probe_refusal_line(std::string_view reason) {
    std::string line = "{";
    append_member(line, "refused", reason);
    return line + "}\n";
}

std::string probe_end_line() { return "{\"ended\":true}\n"; }

ProbeReport read_probe_report(std::string_view lines) {
    ProbeReport report;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        take_line(std::string(lines.substr(0, end)), report);
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return report;
}

std::string_view step_name(ProbeStep step) { return words_of(step).name; }

std::string step_text(ProbeStep step, std::string_view instance) {
    std::string text(words_of(step).text);
    if (!instance.empty()) text += " of instance \"" + std::string(instance) + "\"";
    return text;
}

}  // namespace sluice::plugin
