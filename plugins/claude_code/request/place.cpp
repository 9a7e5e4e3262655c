#include "request/place.hpp"

#include <sluice/cpp/error.hpp>
#include <sluice/cpp/json_text.hpp>

namespace sluice::claude_code {
namespace {

namespace dom = simdjson::dom;

std::string_view name_of(dom::element_type type) noexcept {
    switch (type) {
        case dom::element_type::ARRAY: return "an array";
        case dom::element_type::OBJECT: return "an object";
        case dom::element_type::STRING: return "a string";
        case dom::element_type::BOOL: return "a boolean";
        case dom::element_type::NULL_VALUE: return "null";
        default: return "a number";
    }
}

}  // namespace

std::string Place::text() const {
    std::string path = parent_ == nullptr ? std::string() : parent_->text();
    if (index_ != kNoIndex) return path + "[" + std::to_string(index_) + "]";
    if (parent_ != nullptr) path += '.';
    return path.append(name_);
}

void refuse(const Place& place, std::string_view found, std::string_view expected) {
    std::string path = place.text();
    std::string message = path;
    message.append(": found ").append(found).append(", expected ").append(expected).append(".");
    throw Error("invalid_request", message).with_param(std::move(path));
}

void refuse_type(const Place& place, const dom::element& found, std::string_view expected) {
    refuse(place, name_of(found.type()), expected);
}

void refuse_unsupported(const Place& place, std::string_view what, std::string_view advice) {
    std::string path = place.text();
    std::string message = path;
    message.append(": ").append(what).append(" not supported by the Claude Code backend. ").append(advice);
    throw Error("unsupported_parameter", message).with_param(std::move(path));
}

std::string_view read_string(const Place& place, const dom::element& value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) refuse_type(place, value, "a string");
    return text;
}

bool read_bool(const Place& place, const dom::element& value) {
    bool is_true = false;
    if (value.get_bool().get(is_true) != simdjson::SUCCESS) refuse_type(place, value, "a boolean");
    return is_true;
}

double read_number(const Place& place, const dom::element& value) {
    double number = 0;
    if (value.get_double().get(number) != simdjson::SUCCESS) refuse_type(place, value, "a number");
    return number;
}

dom::object read_object(const Place& place, const dom::element& value) {
    dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) refuse_type(place, value, "an object");
    return object;
}

dom::array read_array(const Place& place, const dom::element& value) {
    dom::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) refuse_type(place, value, "an array");
    return array;
}

bool find_member(const dom::object& object, std::string_view name, dom::element& value) {
    return object.at_key(name).get(value) == simdjson::SUCCESS && !value.is_null();
}

dom::element required_member(const Place& parent, const dom::object& object, std::string_view name,
                             std::string_view expected) {
    dom::element value;
    if (!find_member(object, name, value)) refuse(parent.member(name), "nothing", expected);
    return value;
}

std::string_view required_string(const Place& parent, const dom::object& object, std::string_view name) {
    return read_string(parent.member(name), required_member(parent, object, name, "a string"));
}

std::string shown(std::string_view text) {
    constexpr std::size_t kMaxShown = 64;
    std::string quoted_text;
    const bool is_long = text.size() > kMaxShown;
    if (is_long) {
        text = text.substr(0, kMaxShown);
        text.remove_suffix(utf8_unfinished(text));
    }
    append_json_string(quoted_text, text);
    return is_long ? quoted_text + "..." : quoted_text;
}

}  // namespace sluice::claude_code
