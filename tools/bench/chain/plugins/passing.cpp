// passing.so: middleware that looks at every piece of an answer and lets it pass. quiet.so: the same without interest
// in pieces.
#include "sluice/cpp/plugin.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace {

class Passing : public sluice::Middleware {
public:
    sluice::Verdict on_head(sluice::Exchange&) override { return sluice::Verdict::kContinue; }
#ifndef BENCH_IS_QUIET
    sluice::ChunkVerdict on_chunk(sluice::Exchange&, std::string_view, std::string_view, std::string&) override {
        return sluice::ChunkVerdict::kPass;
    }
#endif
};

}  // namespace

#ifdef BENCH_IS_QUIET
SLUICE_PLUGIN("quiet", "1.0.0", Passing)
#else
SLUICE_PLUGIN("passing", "1.0.0", Passing)
#endif
