#include "middleware/chain.hpp"

#include <algorithm>

namespace sluice::middleware {

namespace {

sluice_verdict known(sluice_verdict verdict) {
    if (verdict >= SLUICE_CONTINUE && verdict <= SLUICE_PENDING) return verdict;
    return verdict < 0 ? SLUICE_REFUSE : SLUICE_CONTINUE;  // growth rule of sluice/abi.h
}

void append_to_string(void* ctx, sluice_str text) noexcept {
    static_cast<std::string*>(ctx)->append(text.ptr, text.len);
}

}  // namespace

Chain::Chain(std::vector<std::unique_ptr<plugin::MiddlewareInstance>> instances) : instances_(std::move(instances)) {
    for (const auto& instance : instances_) {
        sees_responses_ |= instance->api().on_response != nullptr;
        sees_chunks_ |= instance->api().on_chunk != nullptr;
    }
}

bool Chain::is_guarding() const noexcept {
    return std::any_of(instances_.begin(), instances_.end(), [](const auto& instance) {
        return instance->api().is_guarding && instance->api().is_guarding(instance->handle()) == 1;
    });
}

void ChainRun::reset(const Chain* chain) {
    chain_ = chain;
    entered_ = requested_ = last_ = 0;
    slots_.assign(chain ? chain->size() : 0, nullptr);
}

sluice_verdict ChainRun::run_head(sluice_exchange* exchange, const sluice_exchange_api& api) {
    while (chain_ && entered_ < chain_->size()) {
        last_ = entered_++;
        const auto& link = chain_->at(last_);
        if (!link.api().on_head) continue;
        sluice_verdict verdict = known(link.api().on_head(link.handle(), &slots_[last_], exchange, &api));
        if (verdict != SLUICE_CONTINUE) return verdict;
    }
    return SLUICE_CONTINUE;
}

sluice_verdict ChainRun::run_request(sluice_exchange* exchange, const sluice_exchange_api& api) {
    while (chain_ && requested_ < chain_->size()) {
        last_ = requested_++;
        const auto& link = chain_->at(last_);
        if (!link.api().on_request) continue;
        sluice_verdict verdict = known(link.api().on_request(link.handle(), &slots_[last_], exchange, &api));
        if (verdict != SLUICE_CONTINUE) return verdict;
    }
    return SLUICE_CONTINUE;
}

void ChainRun::run_response(sluice_exchange* exchange, const sluice_exchange_api& api) {
    if (!chain_ || !chain_->sees_responses()) return;
    for (std::size_t i = entered_; i-- > 0;) {
        const auto& link = chain_->at(i);
        if (link.api().on_response) link.api().on_response(link.handle(), &slots_[i], exchange, &api);
    }
}

ChainRun::ChunkResult ChainRun::run_chunk(sluice_exchange* exchange, const sluice_exchange_api& api,
                                          std::string_view name, std::string_view data) {
    ChunkResult result{SLUICE_CHUNK_PASS, data};
    for (std::size_t i = entered_; i-- > 0;) {
        const auto& link = chain_->at(i);
        if (!link.api().on_chunk) continue;
        if (!replacement_) replacement_ = std::make_unique<Replacement>();
        replacement_->next.clear();
        sluice_text_sink sink{&replacement_->next, append_to_string};
        sluice_chunk_verdict verdict =
            link.api().on_chunk(link.handle(), &slots_[i], exchange, &api, {name.data(), name.size()},
                                {result.text.data(), result.text.size()}, sink);
        if (verdict == SLUICE_CHUNK_REPLACE) {
            replacement_->current.swap(replacement_->next);
            result = {SLUICE_CHUNK_REPLACE, replacement_->current};
        } else if (verdict == SLUICE_CHUNK_DROP || verdict == SLUICE_CHUNK_END) {
            return {verdict, {}};
        } else if (verdict == SLUICE_CHUNK_FAIL || verdict < 0) {
            last_ = i;
            return {SLUICE_CHUNK_FAIL, {}};
        }
    }
    return result;
}

void ChainRun::complete(const sluice_summary& summary) {
    for (std::size_t i = entered_; i-- > 0;) {
        const auto& link = chain_->at(i);
        if (link.api().on_complete) link.api().on_complete(link.handle(), slots_[i], &summary);
    }
    chain_ = nullptr;
    entered_ = 0;
}

std::string_view ChainRun::last_link() const noexcept {
    return is_empty() ? std::string_view() : std::string_view(chain_->at(last_).name());
}

}  // namespace sluice::middleware
