// Any body is read or refused with a reason, and a body that was read is read the same by the same reader again.
#include "endpoints/json_request.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace sluice;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxModelCharacters = 64;

void expect(bool is_true) {
    if (!is_true) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static endpoints::JsonRequestReader reader(kMaxDepth, kMaxModelCharacters);
    http::Request first;
    http::Request second;
    for (http::Request* request : {&first, &second}) {
        request->set_body({reinterpret_cast<const char*>(data), size});
        auto error = reader.read(*request);
        if (error) {
            expect(error->status >= 400 && error->status < 500);
            expect(!error->message.empty());
            return 0;
        }
        expect(request->is_json && request->choice_count > 0);
        expect(request->model.size() <= 4 * kMaxModelCharacters);
    }
    expect(first.model == second.model && first.is_streaming == second.is_streaming);
    expect(first.wants_usage == second.wants_usage && first.choice_count == second.choice_count);
    return 0;
}
