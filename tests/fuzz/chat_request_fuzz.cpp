// Any JSON object gives a request or a sluice::Error, and what the program is then asked is one line of JSON.
#include "request/chat_request.hpp"

#include <simdjson.h>
#include <sluice/message.h>
#include <sluice/cpp/error.hpp>
#include <sluice/cpp/parsable_json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "process/stdin_records.hpp"
#include "request/prompt.hpp"

namespace {

using namespace sluice::claude_code;

void expect(bool is_true) {
    if (!is_true) std::abort();
}

bool is_object(const std::string& json) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    return parser.parse(json).get(object) == simdjson::SUCCESS;
}

void expect_line(const std::string& record) {
    expect(record.find_first_of("\r\n") == record.size() - 1 && record.back() == '\n');
    expect(is_object(record));
}

void use(const ChatRequest& request) {
    for (const bool is_new_session : {true, false}) expect_line(user_record(prompt_content(request, is_new_session)));
    expect_line(setup_record("s", Setup{request.system_prompt, request.json_schema, !request.tools.empty()}));
    expect_line(settings_record("s", TurnSettings{request.extra_body, request.effort}));
    for (const Tool& tool : request.tools) expect(is_object(tool.parameters));
    expect(request.ignored_params.size() <= 1024);
    for (const char c : request.ignored_params) expect(c > ' ' && c < '\x7f');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
    static const ModelTable models({{"m*", "sonnet"}});
    std::string body(reinterpret_cast<const char*>(data), length);
    if (!is_object(sluice::parsable_json(body))) return 0;  // the host refuses it
    body.resize(length + SLUICE_BODY_PADDING);
    const std::string_view json = std::string_view(body).substr(0, length);
    for (const Features& features : {Features{}, Features{true, true, true, true, true}}) {
        try {
            use(read_chat_request(json, RequestRules{models, features, 50, 5000}));
        } catch (const sluice::Error& error) {
            expect(!error.code().empty() && error.code() != "invalid_json" && error.what()[0] != '\0');
        }
    }
    return 0;
}
