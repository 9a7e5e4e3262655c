// One plugin on the C++17 wrapper, built for the museum with the headers of every released SDK. MAKER says by whom.
#include "sluice/cpp/plugin.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

class Exhibit : public sluice::CompletionBackend {
public:
    void complete(const sluice::Request& request, sluice::Completion& completion) override {
        completion.write(text_for(request));
        completion.set_usage(sluice::Usage{3, 2, 1, false});
    }
    void complete_stream(const sluice::Request& request, sluice::CompletionStream& stream) override {
        const std::string text = text_for(request);
        stream.write(text.substr(0, 2));
        if (request.model() == "break") {
            throw std::runtime_error("thrown in the middle");
        }
        stream.write(text.substr(2));
    }
    void models(sluice::ModelList& list) override { list.add("exhibit", "museum"); }

private:
    static std::string text_for(const sluice::Request& request) {
        if (request.model() == "refuse") {
            throw sluice::Error("unsupported_parameter", "do not touch").with_param("model");
        }
        if (request.model() == "throw") {
            throw std::runtime_error("thrown by an exhibit");
        }
        return "made by " MAKER;
    }
};

struct Visit {
    int chunks = 0;
};

class Guard : public sluice::MiddlewareWith<Visit> {
public:
    explicit Guard(sluice::Host host) : host_(host) {}

    sluice::Verdict on_head(sluice::Exchange& exchange, Visit&) override {
        if (!exchange.request().header("x-ticket")) {
            return exchange.refuse(sluice::Error("invalid_header_value", "X-Ticket: expected one, found none"));
        }
        exchange.set_request_header("X-Seen-By", MAKER);
        return sluice::Verdict::kContinue;
    }
    sluice::ChunkVerdict on_chunk(sluice::Exchange&, Visit& visit, std::string_view, std::string_view data,
                                  std::string& replacement) override {
        ++visit.chunks;
        if (data == "secret") {
            return sluice::ChunkVerdict::kDrop;
        }
        if (data == "old") {
            replacement = "new";
            return sluice::ChunkVerdict::kReplace;
        }
        return sluice::ChunkVerdict::kPass;
    }
    void on_complete(Visit& visit, const sluice::Summary&) override {
        host_.log().info("chunks: " + std::to_string(visit.chunks));
    }

private:
    sluice::Host host_;
};

}  // namespace

SLUICE_PLUGIN("exhibit", "1.0.0", Exhibit, Guard)
