#include "request/chat_request.hpp"

#include <simdjson.h>
#include <sluice/message.h>
#include <sluice/cpp/error.hpp>

#include "request/chat_messages.hpp"
#include "request/ignored_params.hpp"
#include "request/place.hpp"
#include "request/readable_json.hpp"
#include "request/response_format.hpp"
#include "request/sampling.hpp"
#include "request/tool_definitions.hpp"

namespace sluice::claude_code {
namespace {

namespace dom = simdjson::dom;

// The body as the parser takes it. Rationale: the parser is the request's own; one a thread would keep this plugin
// loaded until the host's threads end.
class Body {
public:
    explicit Body(std::string_view json) {
        dom::element root;
        if (parser_.parse(json.data(), json.size(), false).get(root) != simdjson::SUCCESS) {
            copy_ = readable_json(json);
            if (parser_.parse(copy_.data(), copy_.size(), false).get(root) != simdjson::SUCCESS) {
                throw Error("invalid_json", "The body cannot be read as JSON.");
            }
        }
        if (root.get_object().get(object_) != simdjson::SUCCESS) {
            throw Error("invalid_request", "The body is JSON but not an object.");
        }
    }

    const dom::object& object() const noexcept { return object_; }

private:
    dom::parser parser_;
    std::string copy_;
    dom::object object_;
};

void require(const dom::object& body, std::string_view name, std::string_view expected) {
    dom::element value;
    if (find_member(body, name, value)) return;
    std::string message(name);
    message.append(": found nothing, expected ").append(expected).append(".");
    throw Error("missing_required_parameter", message).with_param(std::string(name));
}

// Values of parameters of tier 3 that ask for nothing beyond what every answer is.
bool is_harmless(std::string_view parameter, const dom::element& value) {
    if (parameter == "logprobs") {
        bool is_wanted = true;
        return value.get_bool().get(is_wanted) == simdjson::SUCCESS && !is_wanted;
    }
    if (parameter != "modalities" || !value.is_array()) return false;
    for (const dom::element each : read_array(Place(parameter), value)) {
        std::string_view modality;
        if (each.get_string().get(modality) != simdjson::SUCCESS || modality != "text") return false;
    }
    return true;
}

void check_choices(const dom::element& value) {
    constexpr Place kPlace("n");
    std::uint64_t count = 0;
    if (value.get_uint64().get(count) != simdjson::SUCCESS || count == 0) {
        if (!value.is_number()) refuse_type(kPlace, value, "the number 1");
        refuse(kPlace, simdjson::minify(value), "the number 1");
    }
    if (count > 1) refuse_unsupported(kPlace, "more than one answer is", advice_for("n"));
}

// The program's least effort is "low": what asks for less is not passed on as it was asked.
bool is_less_than_least_effort(std::string_view parameter, const dom::element& value) {
    std::string_view effort;
    if (parameter != "reasoning_effort" || value.get_string().get(effort) != simdjson::SUCCESS) return false;
    return effort == "none" || effort == "minimal";
}

// True if the parameter is to be listed as one that was not passed on. Throws where it is refused.
bool is_ignored(std::string_view parameter, const dom::element& value, const Features& features,
                const Sampling& sampling) {
    if (value.is_null() || parameter == "response_format") return false;  // its type decides
    if (parameter == "n") check_choices(value);
    switch (tier_of(parameter, features)) {
        case ParameterTier::kHonoured:
            return !sampling.applies(parameter) || is_less_than_least_effort(parameter, value);
        case ParameterTier::kIgnored: return true;
        case ParameterTier::kUnsupported: break;
    }
    if (is_harmless(parameter, value)) return parameter != "modalities";
    refuse_unsupported(Place(parameter), "the parameter is", advice_for(parameter));
}

std::string list_ignored(const dom::object& body, const Features& features, const Sampling& sampling) {
    IgnoredParams ignored;
    for (const auto [parameter, value] : body) {
        if (is_ignored(parameter, value, features, sampling)) ignored.add(parameter);
    }
    return ignored.take();
}

void read_model(const dom::object& body, const ModelTable& models, ChatRequest& request) {
    constexpr Place kPlace("model");
    dom::element value;
    find_member(body, "model", value);
    request.model = read_string(kPlace, value);
    std::optional<std::string> found = models.find(request.model);
    if (!found) {
        throw Error("model_not_found",
                    "model: found " + shown(request.model) + ", expected one of: " + models.valid_names() + ".")
            .with_status(400, "invalid_request_error")
            .with_param("model");
    }
    request.cli_model = std::move(*found);
}

void read_stream(const dom::object& body, ChatRequest& request) {
    dom::element value;
    if (find_member(body, "stream", value)) request.is_stream = read_bool(Place("stream"), value);
    if (!find_member(body, "stream_options", value)) return;
    constexpr Place kPlace("stream_options");
    const dom::object options = read_object(kPlace, value);
    if (!find_member(options, "include_usage", value)) return;
    request.wants_usage = read_bool(kPlace.member("include_usage"), value);
}

void read_features(const dom::object& body, const Features& features, ChatRequest& request) {
    dom::element value;
    if (features.has_reasoning_effort && find_member(body, "reasoning_effort", value)) {
        request.effort = read_effort(value);
    }
    if (find_member(body, "response_format", value)) {
        request.json_schema = read_response_format(value, features.has_json_schema);
    }
    if (features.has_tools) request.tools = read_tools(body);
}

}  // namespace

ChatRequest read_chat_request(std::string_view json, const RequestRules& rules) {
    static_assert(SLUICE_BODY_PADDING >= simdjson::SIMDJSON_PADDING);
    const Body parsed(json);
    const dom::object& body = parsed.object();
    require(body, "model", "the name of a model");
    require(body, "messages", "an array of messages");
    ChatRequest request;
    // Read even where it is not passed on: what OpenAI would refuse is refused here, too.
    Sampling sampling = read_sampling(body);
    request.ignored_params = list_ignored(body, rules.features, sampling);
    if (rules.features.has_sampling) request.extra_body = std::move(sampling.extra_body);
    read_model(body, rules.models, request);
    read_stream(body, request);
    read_features(body, rules.features, request);
    dom::element messages;
    find_member(body, "messages", messages);
    read_messages(messages, rules, request);
    return request;
}

}  // namespace sluice::claude_code
