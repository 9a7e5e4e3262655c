// unruly_middleware.so: throws or hangs in the hook a request names (misdeed.hpp).
#include "misdeed.hpp"
#include "sluice/cpp/plugin.hpp"

#include <string>
#include <string_view>

namespace {

class Unruly : public sluice::MiddlewareWith<Misdeed> {
public:
    sluice::Verdict on_head(sluice::Exchange& exchange, Misdeed& misdeed) override {
        misdeed = Misdeed::of(exchange.request().header("X-Unruly").value_or(""));
        misdeed.at("on_head");
        return misdeed.where == "pending" ? sluice::Verdict::kPending : sluice::Verdict::kContinue;
    }
    sluice::Verdict on_request(sluice::Exchange&, Misdeed& misdeed) override {
        misdeed.at("on_request");
        return misdeed.where == "silent" ? sluice::Verdict::kRefuse : sluice::Verdict::kContinue;
    }
    void on_response(sluice::Exchange&, Misdeed& misdeed) override { misdeed.at("on_response"); }
    sluice::ChunkVerdict on_chunk(sluice::Exchange&, Misdeed& misdeed, std::string_view, std::string_view,
                                  std::string&) override {
        misdeed.at("on_chunk");
        return sluice::ChunkVerdict::kPass;
    }
    void on_complete(Misdeed& misdeed, const sluice::Summary&) override { misdeed.at("on_complete"); }
};

}  // namespace

SLUICE_PLUGIN("unruly_middleware", "1.0.0", Unruly)
