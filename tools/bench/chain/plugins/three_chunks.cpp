// three_chunks.so: a backend that answers every call with three events.
#include "sluice/cpp/plugin.hpp"

#include <string_view>
#include <utility>

namespace {

class ThreeChunks : public sluice::Backend {
public:
    void start(sluice::Call&& taken) override {
        constexpr std::string_view kEvent = R"({"choices":[{"index":0,"delta":{"content":"a few words"}}]})";
        sluice::Call call = std::move(taken);
        call.begin(sluice_response{
            sizeof(sluice_response), SLUICE_RESPONSE_EVENTS, 200, 0, SLUICE_LENGTH_UNKNOWN, {}, nullptr, 0});
        for (int count = 0; count < 3; ++count) call.write_event(kEvent);
        call.finish();
    }
};

}  // namespace

SLUICE_PLUGIN("three_chunks", "1.0.0", ThreeChunks)
