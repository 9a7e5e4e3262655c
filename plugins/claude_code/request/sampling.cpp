#include "request/sampling.hpp"

#include <sluice/cpp/json_text.hpp>

#include <algorithm>
#include <cstdint>

#include "request/blank_text.hpp"
#include "request/place.hpp"

namespace sluice::claude_code {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxStops = 4;

// Writes the members of the extra body, and notes what is left out of it.
class Writer {
public:
    void add(std::string_view name, std::string_view json) {
        sampling_.extra_body += sampling_.extra_body.empty() ? "{\"" : ",\"";
        sampling_.extra_body.append(name).append("\":").append(json);
    }
    void leave_out(std::string_view name) { sampling_.not_applied.push_back(name); }
    Sampling finish() {
        if (!sampling_.extra_body.empty()) sampling_.extra_body += '}';
        return std::move(sampling_);
    }

private:
    Sampling sampling_;
};

double read_between(std::string_view name, const dom::element& value, int highest) {
    const Place place(name);
    const double number = read_number(place, value);
    if (number < 0 || number > highest) {
        refuse(place, simdjson::minify(value), "a number between 0 and " + std::to_string(highest));
    }
    return number;
}

void read_randomness(const dom::object& body, Writer& writer) {
    dom::element value;
    const bool has_temperature = find_member(body, "temperature", value);
    if (has_temperature) {
        const bool is_too_hot = read_between("temperature", value, 2) > 1;
        writer.add("temperature", is_too_hot ? "1" : simdjson::minify(value));
        if (is_too_hot) writer.leave_out("temperature");
    }
    if (!find_member(body, "top_p", value)) return;
    read_between("top_p", value, 1);
    // Its newer models refuse the two together.
    if (has_temperature) return writer.leave_out("top_p");
    writer.add("top_p", simdjson::minify(value));
}

std::vector<std::string_view> read_stops(const dom::element& value) {
    const Place place("stop");
    if (value.is_string()) return {read_string(place, value)};
    if (!value.is_array()) refuse_type(place, value, "a string or an array of strings");
    std::vector<std::string_view> stops;
    for (const dom::element each : read_array(place, value)) {
        stops.push_back(read_string(place.element(stops.size()), each));
        if (stops.size() > kMaxStops) refuse(place, "more than 4 strings", "at most 4");
    }
    return stops;
}

void read_stop(const dom::object& body, Writer& writer) {
    dom::element value;
    if (!find_member(body, "stop", value)) return;
    std::vector<std::string_view> stops = read_stops(value);
    if (std::erase_if(stops, is_blank) > 0) writer.leave_out("stop");
    if (stops.empty()) return;
    std::string json = "[";
    for (const std::string_view stop : stops) {
        if (json.size() > 1) json += ',';
        append_json_string(json, stop);
    }
    writer.add("stop_sequences", json + "]");
}

// False if there is none.
bool read_limit(const dom::object& body, std::string_view name, std::uint64_t& limit) {
    dom::element value;
    if (!find_member(body, name, value)) return false;
    const bool is_integer = value.get_uint64().get(limit) == simdjson::SUCCESS;
    if (!is_integer && !value.is_number()) refuse_type(Place(name), value, "a positive integer");
    if (!is_integer || limit == 0) refuse(Place(name), simdjson::minify(value), "a positive integer");
    return true;
}

void read_limits(const dom::object& body, Writer& writer) {
    std::uint64_t limit = 0;
    std::uint64_t old_limit = 0;
    const bool has_limit = read_limit(body, "max_completion_tokens", limit);
    const bool has_old_limit = read_limit(body, "max_tokens", old_limit);
    if (has_limit && has_old_limit && limit != old_limit) writer.leave_out("max_tokens");
    if (has_limit || has_old_limit) writer.add("max_tokens", std::to_string(has_limit ? limit : old_limit));
}

}  // namespace

bool Sampling::applies(std::string_view parameter) const noexcept {
    return std::find(not_applied.begin(), not_applied.end(), parameter) == not_applied.end();
}

Sampling read_sampling(const dom::object& body) {
    Writer writer;
    read_randomness(body, writer);
    read_stop(body, writer);
    read_limits(body, writer);
    return writer.finish();
}

std::string read_effort(const dom::element& value) {
    const Place place("reasoning_effort");
    const std::string_view name = read_string(place, value);
    if (name == "none" || name == "minimal") return "low";
    for (const std::string_view known : {"low", "medium", "high", "xhigh", "max"}) {
        if (name == known) return std::string(known);
    }
    refuse(place, shown(name), "none, minimal, low, medium, high, xhigh or max");
}

}  // namespace sluice::claude_code
