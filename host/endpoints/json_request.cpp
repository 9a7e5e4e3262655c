#include "endpoints/json_request.hpp"

#include <simdjson.h>
#include <sluice/cpp/parsable_json.hpp>

#include <string>

namespace sluice::endpoints {

namespace {

using http::WireError;
namespace dom = simdjson::dom;

std::string_view name_of(dom::element_type type) {
    switch (type) {
        case dom::element_type::ARRAY: return "an array";
        case dom::element_type::OBJECT: return "an object";
        case dom::element_type::STRING: return "a string";
        case dom::element_type::BOOL: return "a boolean";
        case dom::element_type::NULL_VALUE: return "null";
        default: return "a number";
    }
}

WireError wrong_type(std::string_view member, const dom::element& found, std::string_view expected) {
    return WireError::of("invalid_request",
                         std::string(member) + ": found " + std::string(name_of(found.type())) + ", expected " +
                             std::string(expected) + ".",
                         member);
}

std::size_t characters_in(std::string_view utf8) {
    std::size_t count = 0;
    for (char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
}

std::optional<WireError> read_model(http::Request& request, const dom::element& value, std::size_t max_characters) {
    std::string_view model;
    if (value.get_string().get(model)) return wrong_type("model", value, "a string");
    std::size_t characters = characters_in(model);
    if (characters > max_characters) {
        return WireError::of("invalid_request",
                             "model: found " + std::to_string(characters) + " characters, expected at most " +
                                 std::to_string(max_characters) + ".",
                             "model");
    }
    request.model = model;
    return std::nullopt;
}

std::optional<WireError> read_stream_options(http::Request& request, const dom::element& value) {
    dom::object options;
    if (value.get_object().get(options)) return wrong_type("stream_options", value, "an object");
    dom::element wish;
    if (options["include_usage"].get(wish) || wish.is_null()) return std::nullopt;
    bool wants_usage = false;
    if (wish.get_bool().get(wants_usage)) return wrong_type("stream_options.include_usage", wish, "a boolean");
    request.wants_usage = wants_usage;
    return std::nullopt;
}

/// Which members steer the gateway. Each may stand in the body once: with two, we and the upstream could take different
/// ones, and a rule on the model would be a rule on the wrong model.
enum Member : unsigned { kModel = 1, kStream = 2, kStreamOptions = 4, kChoices = 8 };

Member member_of(std::string_view key) {
    if (key == "model") return kModel;
    if (key == "stream") return kStream;
    if (key == "stream_options") return kStreamOptions;
    if (key == "n") return kChoices;
    return Member{};
}

std::optional<WireError> read_member(http::Request& request, Member member, const dom::element& value,
                                     std::size_t max_model_characters) {
    if (value.is_null()) return std::nullopt;  // clients send null for what they leave out
    switch (member) {
        case kModel: return read_model(request, value, max_model_characters);
        case kStreamOptions: return read_stream_options(request, value);
        case kStream: {
            bool is_streaming = false;
            if (value.get_bool().get(is_streaming)) return wrong_type("stream", value, "a boolean");
            request.is_streaming = is_streaming;
            return std::nullopt;
        }
        case kChoices: {
            std::uint64_t count = 0;
            if (!value.get_uint64().get(count) && count > 0) request.choice_count = count;
            return std::nullopt;  // the backend judges it
        }
    }
    return std::nullopt;
}

WireError describe(simdjson::error_code error, std::size_t max_depth) {
    switch (error) {
        case simdjson::DEPTH_ERROR:
            return WireError::of("invalid_json",
                                 "The body is nested deeper than " + std::to_string(max_depth) + " levels.");
        case simdjson::UTF8_ERROR: return WireError::of("invalid_json", "The body is not valid UTF-8.");
        case simdjson::EMPTY: return WireError::of("invalid_json", "The body is empty; expected a JSON object.");
        case simdjson::MEMALLOC: return WireError::of("internal_error", "Out of memory.");
        default:
            return WireError::of("invalid_json",
                                 "The body is not valid JSON: " + std::string(simdjson::error_message(error)) + ".");
    }
}

}  // namespace

struct JsonRequestReader::Parser {
    dom::parser dom;
};

JsonRequestReader::JsonRequestReader(std::size_t max_depth, std::size_t max_model_characters)
    : parser_(std::make_unique<Parser>()), max_depth_(max_depth), max_model_characters_(max_model_characters) {}

JsonRequestReader::~JsonRequestReader() = default;

std::optional<http::WireError> JsonRequestReader::read(http::Request& request) {
    std::string_view body = request.body();
    // The parser's memory is made once for the usual size, and given back after an unusual one.
    constexpr std::size_t kUsualBytes = 256 * 1024;
    if (parser_->dom.capacity() > 4 * kUsualBytes && body.size() < kUsualBytes) parser_ = std::make_unique<Parser>();
    if (parser_->dom.capacity() < body.size() || parser_->dom.max_depth() != max_depth_) {
        if (parser_->dom.allocate(std::max(body.size(), std::size_t{16 * 1024}), max_depth_)) {
            return WireError::of("internal_error", "Out of memory.");
        }
    }
    static_assert(SLUICE_BODY_PADDING >= simdjson::SIMDJSON_PADDING);
    dom::element root;
    auto error = parser_->dom.parse(body.data(), body.size(), false).get(root);
    // What only the parser's machine types refuse is for the backend to judge, which gets the bytes as they came.
    bool may_be_grammatical = error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR;
    if (may_be_grammatical) error = parser_->dom.parse(parsable_json(body)).get(root);
    if (error) return describe(error, max_depth_);
    dom::object object;
    if (root.get_object().get(object)) {
        return WireError::of("invalid_request",
                             "The body is " + std::string(name_of(root.type())) + "; expected a JSON object.");
    }
    request.is_json = true;
    unsigned seen = 0;
    for (dom::key_value_pair field : object) {
        Member member = member_of(field.key);
        if (!member) continue;
        if (seen & member) {
            return WireError::of("invalid_request", std::string(field.key) + ": found twice, expected once.",
                                 field.key);
        }
        seen |= member;
        if (auto wrong = read_member(request, member, field.value, max_model_characters_)) return wrong;
    }
    request.has_stream_options = (seen & kStreamOptions) != 0;
    return std::nullopt;
}

}  // namespace sluice::endpoints
