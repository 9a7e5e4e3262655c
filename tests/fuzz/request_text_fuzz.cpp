// Any text is taken as a request or refused with a reason; what was taken can be asked about, or is refused as a
// client's request would be. What the question says itself stays.
#include "app/request_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/ascii_case.hpp"

namespace {

using namespace sluice;

constexpr std::size_t kMaxUrlBytes = 8192;

void expect(bool is_true) {
    if (!is_true) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const config::Limits limits;
    app::RouteQuestion question;
    if (const auto taken = app::take_request_text(text, limits, question); !taken) {
        expect(!taken.error().empty());
        return 0;
    }
    for (const auto& [name, value] : question.headers) expect(http::is_token(name) && http::is_header_value(value));
    http::Request request;
    if (const auto error = app::fill_request(question, kMaxUrlBytes, request)) {
        expect(error->status >= 400 && !error->message.empty());
    } else {
        expect(request.model == question.model.value_or(""));
    }
    app::RouteQuestion decided;
    decided.method = "PUT";
    decided.path = "/x";
    decided.model = "m";
    expect(app::take_request_text(text, limits, decided).has_value());
    expect(decided.method == "PUT" && decided.path == "/x" && decided.model == "m");
    return 0;
}
