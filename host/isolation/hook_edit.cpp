#include "isolation/hook_edit.hpp"

#include <utility>

#include "isolation/wire_message.hpp"

namespace sluice::isolation {

namespace {

enum class Edit : std::uint8_t { kRequestHeader, kBody, kAttribute, kResponseHeader, kReply, kRefuse };

bool apply_reply(PayloadReader& in, sluice_exchange* exchange, const sluice_exchange_api& api) {
    ReadResponse read = read_response(in);
    read.response.headers = read.headers.data();
    read.response.header_count = read.headers.size();
    const sluice_str body = in.abi_text();
    return in.is_good() && api.reply(exchange, &read.response, body) >= 0;
}

bool apply_one(PayloadReader& in, sluice_exchange* exchange, const sluice_exchange_api& api) {
    const auto edit = static_cast<Edit>(in.get<std::uint8_t>());
    switch (edit) {
        case Edit::kReply: return apply_reply(in, exchange, api);
        case Edit::kBody: return api.set_body(exchange, in.abi_text()) >= 0;
        case Edit::kRefuse: {
            const sluice_error error = read_error(in);
            return in.is_good() && api.refuse(exchange, &error) >= 0;
        }
        case Edit::kRequestHeader:
        case Edit::kAttribute:
        case Edit::kResponseHeader: break;
        default: return false;
    }
    const sluice_str name = in.abi_text();
    const sluice_str value = in.abi_text();
    if (!in.is_good()) return false;
    if (edit == Edit::kRequestHeader) return api.set_request_header(exchange, name, value) >= 0;
    if (edit == Edit::kAttribute) return api.set_attribute(exchange, name, value) >= 0;
    // What the gateway does not let a plugin set was no reason to refuse the request before, either.
    api.set_response_header(exchange, name, value);
    return true;
}

}  // namespace

void HookEdits::set_request_header(std::string_view name, std::string_view value) {
    PayloadWriter(bytes_).put(static_cast<std::uint8_t>(Edit::kRequestHeader)).put(name).put(value);
}

void HookEdits::set_body(std::string_view json) {
    PayloadWriter(bytes_).put(static_cast<std::uint8_t>(Edit::kBody)).put(json);
}

void HookEdits::set_attribute(std::string_view name, std::string_view value) {
    PayloadWriter(bytes_).put(static_cast<std::uint8_t>(Edit::kAttribute)).put(name).put(value);
}

void HookEdits::set_response_header(std::string_view name, std::string_view value) {
    PayloadWriter(bytes_).put(static_cast<std::uint8_t>(Edit::kResponseHeader)).put(name).put(value);
}

void HookEdits::reply(const sluice_response& response, std::string_view body) {
    PayloadWriter out(bytes_);
    out.put(static_cast<std::uint8_t>(Edit::kReply));
    put_response(out, response);
    out.put(body);
}

void HookEdits::refuse(const sluice_error& error) {
    PayloadWriter out(bytes_);
    out.put(static_cast<std::uint8_t>(Edit::kRefuse));
    put_error(out, error);
}

std::string HookEdits::take() noexcept { return std::exchange(bytes_, {}); }

bool apply_edits(std::string_view edits, sluice_exchange* exchange, const sluice_exchange_api& api) {
    PayloadReader in(edits);
    while (in.is_good() && !in.is_whole()) {
        if (!apply_one(in, exchange, api)) return false;
    }
    return in.is_good();
}

}  // namespace sluice::isolation
