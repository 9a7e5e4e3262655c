#include "net/held_answer.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "http/ascii_case.hpp"
#include "http/request.hpp"

namespace sluice::net {

using http::borrow;
using http::view;

void HeldAnswer::begin(const sluice_response& response) {
    status_ = response.http_status;
    flags_ = response.flags;
    content_length_ = response.content_length;
    content_type_ = view(response.content_type);
    for (std::size_t at = 0; at < response.header_count; ++at) {
        fields_.emplace_back(view(response.headers[at].name), view(response.headers[at].value));
    }
}

void HeldAnswer::add_event(std::string_view name, std::string_view data) {
    events_.push_back({name.size(), data.size()});
    text_ += name;
    text_ += data;
}

std::uint32_t HeldAnswer::retry_after_ms() const {
    constexpr std::uint32_t kMostSeconds = std::numeric_limits<std::uint32_t>::max() / 1000;
    for (const auto& [name, value] : fields_) {
        if (!http::equals_ignoring_case(name, "retry-after")) continue;
        std::uint32_t seconds = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
        const bool is_number = error == std::errc() && end == value.data() + value.size();
        return is_number ? std::min(seconds, kMostSeconds) * 1000 : 0;
    }
    return 0;
}

std::string HeldAnswer::error_code() const {
    try {
        const auto root = Poco::JSON::Parser().parse(text_).extract<Poco::JSON::Object::Ptr>();
        const auto error = root->getObject("error");
        if (!error || !error->get("code").isString()) return {};
        return error->get("code").extract<std::string>();
    } catch (const Poco::Exception&) {
        return {};  // no JSON: its status says enough
    }
}

sluice_status HeldAnswer::give(backend::ResponseSink& sink) {
    std::vector<sluice_header> headers;
    for (const auto& [name, value] : fields_) headers.push_back({borrow(name), borrow(value)});
    const sluice_response response{sizeof(sluice_response), flags_,         status_,       0, content_length_,
                                   borrow(content_type_),   headers.data(), headers.size()};
    sluice_status status = sink.begin(response);
    std::string_view rest = text_;
    if (status >= 0 && !is_event_stream() && !rest.empty()) status = sink.write(rest);
    for (const Event& event : events_) {
        if (status < 0) break;
        status = sink.write_event(rest.substr(0, event.name_bytes), rest.substr(event.name_bytes, event.data_bytes));
        rest.remove_prefix(event.name_bytes + event.data_bytes);
    }
    clear();
    return status;
}

void HeldAnswer::clear() noexcept {
    fields_.clear();
    events_.clear();
    text_ = {};
}

}  // namespace sluice::net
