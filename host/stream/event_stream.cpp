#include "stream/event_stream.hpp"

namespace sluice::stream {

void append_event(std::string& out, Dialect dialect, std::string_view name, std::string_view data) {
    if (dialect == Dialect::kNamed && !name.empty()) {
        out += "event: ";
        out += name;
        out += '\n';
    }
    out += "data: ";
    out += data;
    out += "\n\n";
}

void append_error_event(std::string& out, Dialect dialect, const http::WireError& error) {
    if (dialect == Dialect::kChat) {
        append_event(out, dialect, {}, error.json());
        return;
    }
    // The error event of the responses API: its members stand at the top, beside the type.
    std::string data = "{\"type\":\"error\",\"code\":";
    http::append_json_string(data, error.code);
    data += ",\"message\":";
    http::append_json_string(data, error.message);
    data += ",\"param\":null}";
    append_event(out, dialect, "error", data);
}

void append_end(std::string& out, Dialect dialect) {
    if (dialect == Dialect::kChat) out += "data: [DONE]\n\n";
}

}  // namespace sluice::stream
