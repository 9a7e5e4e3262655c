// Asks the upstream which models it has.
#pragma once

#include <functional>
#include <string>

#include "call.hpp"
#include "exchange.hpp"
#include "sluice/ext/backend.h"
#include "upstream_key.hpp"

namespace sluice::openai {

// [loop-thread]
class ModelList final : public ExchangeUser {
public:
    static constexpr std::uint64_t kTimeoutMs = 10'000;
    static constexpr std::size_t kMaxAnswerBytes = 16u << 20;

    // `context` outlives the list. `on_over` runs after the terminal call and drops this object.
    ModelList(const CallContext& context, UpstreamKey key, sluice_models* models, const sluice_models_api* api,
              std::function<void(ModelList&)> on_over);
    ModelList(const ModelList&) = delete;
    ModelList& operator=(const ModelList&) = delete;
    ~ModelList() = default;

    void start();
    // Ends it with an error, if it has not ended.
    void abandon();

    // ExchangeUser
    void write_head(std::string& out) override { context_.writer.append_models_head(key_.text(), out); }
    bool on_sent() override { return true; }
    bool on_head(const ResponseHead& head) override;
    bool on_body(std::span<char> piece) override;
    bool on_batch_end() override { return true; }
    void on_end() override;
    void on_failed(Failure failure) override { end(&failure); }
    void on_timer() override {}

private:
    bool add_all();
    void end(const Failure* failure);
    bool refuse(std::string_view problem);

    const CallContext& context_;
    UpstreamKey key_;
    sluice_models* const models_;
    const sluice_models_api* const api_;
    std::function<void(ModelList&)> on_over_;
    std::string body_;
    Exchange exchange_;
    Timer timer_;
};

}  // namespace sluice::openai
