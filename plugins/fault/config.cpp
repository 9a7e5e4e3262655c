#include "config.hpp"

#include <simdjson.h>

#include <sluice/cpp/error.hpp>

#include "step_text.hpp"

namespace sluice::fault {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using std::chrono::milliseconds;

std::int64_t integer_of(object fields, std::string_view name, std::int64_t fallback) {
    std::int64_t value = fallback;
    return fields[name].get(value) == simdjson::SUCCESS ? value : fallback;
}

bool flag_of(object fields, std::string_view name) {
    bool value = false;
    return fields[name].get(value) == simdjson::SUCCESS && value;
}

double fraction_of(object fields, std::string_view name, double fallback) {
    double value = fallback;
    return fields[name].get(value) == simdjson::SUCCESS ? value : fallback;
}

Pace read_pace(object fields) {
    const Pace usual;
    Pace pace;
    pace.tokens = static_cast<std::uint32_t>(integer_of(fields, "tokens", usual.tokens));
    pace.head = milliseconds(integer_of(fields, "head_ms", 0));
    pace.first_token = milliseconds(integer_of(fields, "first_token_ms", 0));
    pace.token = milliseconds(integer_of(fields, "token_ms", 0));
    pace.jitter = fraction_of(fields, "jitter", 0);
    return pace;
}

// A step of the configuration is what a header says, written as an object.
std::vector<Step> read_step(object fields) {
    std::string_view scenario;
    std::vector<std::pair<std::string_view, std::string>> texts;
    for (const auto [key, value] : fields) {
        std::string_view text;
        const bool is_text = value.get(text) == simdjson::SUCCESS;
        if (key == "scenario")
            scenario = text;
        else
            texts.emplace_back(key, is_text ? std::string(text) : std::string(simdjson::minify(value)));
    }
    const std::vector<StepItem> items(texts.begin(), texts.end());
    return make_steps(scenario, items);
}

Script read_script(object fields) {
    std::vector<Step> steps;
    std::size_t number = 0;
    array list;
    if (fields["script"].get(list) != simdjson::SUCCESS) return Script();
    for (const element each : list) {
        const std::string path = "script[" + std::to_string(number++) + "]";
        object step;
        if (each.get(step) != simdjson::SUCCESS) throw Error("internal_error", path + ": expected an object");
        try {
            const std::vector<Step> made = read_step(step);
            steps.insert(steps.end(), made.begin(), made.end());
        } catch (const std::invalid_argument& problem) {
            throw Error("internal_error", path + ": " + problem.what());
        }
    }
    return Script(std::move(steps), flag_of(fields, "repeat"));
}

}  // namespace

Config parse_config(std::string_view json) {
    simdjson::dom::parser parser;
    object root;
    const simdjson::padded_string padded(json);
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) {
        throw Error("internal_error", "the configuration is not a JSON object");
    }
    Config config;
    config.script = read_script(root);
    config.obeys_header = flag_of(root, "header");
    config.seed = static_cast<std::uint64_t>(integer_of(root, "seed", 1));
    config.pace = read_pace(root);
    config.head_timeout = milliseconds(integer_of(root, "head_timeout_ms", 0));
    array models;
    if (root["models"].get(models) != simdjson::SUCCESS) {
        config.models = {"fault"};
        return config;
    }
    for (const element model : models) {
        std::string_view text;
        if (model.get(text) == simdjson::SUCCESS) config.models.emplace_back(text);
    }
    return config;
}

}  // namespace sluice::fault
