#include "middleware/chain.hpp"

#include "plugin/plugin_entry.hpp"

#include <algorithm>
#include <utility>

namespace sluice::middleware {

namespace {

using observability::HookVerdict;
using observability::Misbehaviour;
using observability::PluginFunction;
using plugin::PluginEntry;

sluice_verdict known(sluice_verdict verdict) {
    if (verdict >= SLUICE_CONTINUE && verdict <= SLUICE_PENDING) return verdict;
    return verdict < 0 ? SLUICE_REFUSE : SLUICE_CONTINUE;  // growth rule of sluice/abi.h
}

/// Of a verdict that is known().
HookVerdict recorded(sluice_verdict verdict) {
    static_assert(static_cast<int>(HookVerdict::kPending) == static_cast<int>(HookVerdict::kContinue) + SLUICE_PENDING);
    return static_cast<HookVerdict>(static_cast<int>(HookVerdict::kContinue) + verdict);
}

void append_to_string(void* ctx, sluice_str text) noexcept {
    static_cast<std::string*>(ctx)->append(text.ptr, text.len);
}

}  // namespace

Chain::Chain(Links links) : links_(std::move(links)) {
    for (std::size_t i = links_.size(); i-- > 0;) {
        sees_responses_ |= links_[i]->api().on_response != nullptr;
        const plugin::MiddlewareInstance& link = *links_[i];
        if (link.api().on_chunk) chunk_links_.push_back({link.api().on_chunk, link.handle(), &link.conduct(), i});
    }
}

bool Chain::is_guarding() const noexcept {
    return std::any_of(links_.begin(), links_.end(), [](const auto& instance) {
        return instance->api().is_guarding && instance->api().is_guarding(instance->handle()) == 1;
    });
}

void ChainRun::reset(const Chain* chain) {
    chain_ = chain;
    entered_ = requested_ = last_ = 0;
    blamed_ = kNobody;
    turned_away_ = nullptr;
    trials_.clear();
    slots_.assign(chain ? chain->size() : 0, nullptr);
    verdicts_.assign(slots_.size(), {});
    chunk_calls_.assign(chain ? chain->chunk_links().size() : 0, 0);
}

/// A guard that fails must not open the gate: without it nothing goes on.
bool ChainRun::may_enter(plugin::Conduct& conduct) {
    const plugin::Admission admission = conduct.admit(plugin::entry_slot.shard);
    if (admission == plugin::Admission::kTrial) trials_.push_back(&conduct);
    if (admission == plugin::Admission::kRefused) turned_away_ = &conduct;
    return admission != plugin::Admission::kRefused;
}

/// Of what a hook of the last link returned.
sluice_verdict ChainRun::judge(sluice_verdict verdict) noexcept {
    if (verdict < 0) blame_last(Misbehaviour::kException);
    return known(verdict);
}

sluice_verdict ChainRun::run_head(sluice_exchange* exchange, const sluice_exchange_api& api) {
    while (chain_ && entered_ < chain_->size()) {
        last_ = entered_;
        const auto& link = chain_->at(last_);
        verdicts_[last_].name = link.name();
        if (!may_enter(link.conduct())) {
            verdicts_[last_].head = HookVerdict::kQuarantined;
            return SLUICE_REFUSE;
        }
        ++entered_;
        if (!link.api().on_head) continue;
        sluice_verdict verdict = SLUICE_CONTINUE;
        {
            const PluginEntry entry(link.conduct(), PluginFunction::kOnHead);
            verdict = judge(link.api().on_head(link.handle(), &slots_[last_], exchange, &api));
        }
        verdicts_[last_].head = recorded(verdict);
        if (verdict != SLUICE_CONTINUE) return verdict;
    }
    return SLUICE_CONTINUE;
}

sluice_verdict ChainRun::run_request(sluice_exchange* exchange, const sluice_exchange_api& api) {
    while (chain_ && requested_ < chain_->size()) {
        last_ = requested_++;
        const auto& link = chain_->at(last_);
        if (!link.api().on_request) continue;
        sluice_verdict verdict = SLUICE_CONTINUE;
        {
            const PluginEntry entry(link.conduct(), PluginFunction::kOnRequest);
            verdict = judge(link.api().on_request(link.handle(), &slots_[last_], exchange, &api));
        }
        verdicts_[last_].request = recorded(verdict);
        if (verdict != SLUICE_CONTINUE) return verdict;
    }
    return SLUICE_CONTINUE;
}

void ChainRun::run_response(sluice_exchange* exchange, const sluice_exchange_api& api) {
    if (!chain_ || !chain_->sees_responses()) return;
    for (std::size_t i = entered_; i-- > 0;) {
        const auto& link = chain_->at(i);
        if (!link.api().on_response) continue;
        const PluginEntry entry(link.conduct(), PluginFunction::kOnResponse);
        link.api().on_response(link.handle(), &slots_[i], exchange, &api);
    }
}

ChainRun::ChunkResult ChainRun::run_chunk(sluice_exchange* exchange, const sluice_exchange_api& api,
                                          std::string_view name, std::string_view data) {
    ChunkResult result{SLUICE_CHUNK_PASS, data};
    if (!chain_) return result;
    if (!replacement_) replacement_ = std::make_unique<Replacement>();
    std::uint64_t* calls = chunk_calls_.data();
    for (const Chain::ChunkLink& link : chain_->chunk_links()) {
        const std::size_t i = link.index;
        std::uint64_t& count = *calls++;
        if (i >= entered_) continue;
        ++count;
        replacement_->next.clear();
        sluice_text_sink sink{&replacement_->next, append_to_string};
        sluice_chunk_verdict verdict = SLUICE_CHUNK_PASS;
        {
            const PluginEntry entry(*link.conduct, PluginFunction::kOnChunk, plugin::kCountedLater);
            verdict = link.on_chunk(link.handle, &slots_[i], exchange, &api, {name.data(), name.size()},
                                    {result.text.data(), result.text.size()}, sink);
        }
        if (verdict == SLUICE_CHUNK_PASS) continue;
        if (verdict == SLUICE_CHUNK_REPLACE) {
            last_ = i;
            replacement_->current.swap(replacement_->next);
            result = {SLUICE_CHUNK_REPLACE, replacement_->current};
        } else if (verdict == SLUICE_CHUNK_DROP || verdict == SLUICE_CHUNK_END) {
            if (verdict == SLUICE_CHUNK_END) verdicts_[i].answer = HookVerdict::kEnd;
            return {verdict, {}};
        } else if (verdict == SLUICE_CHUNK_FAIL || verdict < 0) {
            last_ = i;
            answer_failed();
            if (verdict < 0) blame_last(Misbehaviour::kException);
            return {SLUICE_CHUNK_FAIL, {}};
        }
    }
    return result;
}

void ChainRun::complete(const sluice_summary& summary) {
    for (std::size_t at = 0; at < chunk_calls_.size(); ++at) {
        const std::uint64_t calls = std::exchange(chunk_calls_[at], 0);
        if (calls == 0) continue;
        chain_->chunk_links()[at].conduct->counts().called(PluginFunction::kOnChunk, plugin::entry_slot.shard, calls);
    }
    for (std::size_t i = entered_; i-- > 0;) {
        const auto& link = chain_->at(i);
        if (!link.api().on_complete) continue;
        const PluginEntry entry(link.conduct(), PluginFunction::kOnComplete);
        link.api().on_complete(link.handle(), slots_[i], &summary);
    }
    const bool is_known = summary.ended_by != SLUICE_ENDED_BY_CLIENT;
    for (plugin::Conduct* conduct : trials_) {
        conduct->end_trial(is_known ? plugin::CallOutcome::kEnded : plugin::CallOutcome::kUnknown);
    }
    trials_.clear();
    chain_ = nullptr;
    entered_ = 0;
}

void ChainRun::resumed(sluice_verdict verdict, bool is_head, std::chrono::nanoseconds waited) noexcept {
    if (last_ >= verdicts_.size()) return;  // a plugin that resumes what was not pending
    observability::VerdictRecord& record = verdicts_[last_];
    (is_head ? record.head : record.request) = recorded(known(verdict));
    record.waited += waited;
}

std::span<const observability::VerdictRecord> ChainRun::verdicts() const noexcept {
    const std::size_t reached = std::max(entered_, requested_) + (turned_away_ ? 1 : 0);
    return std::span(verdicts_).first(std::min(reached, verdicts_.size()));
}

void ChainRun::blame_last(Misbehaviour reason) noexcept {
    if (std::exchange(blamed_, last_) != last_) last_conduct().misbehaved(reason);
}

std::string_view ChainRun::last_link() const noexcept {
    return is_empty() ? std::string_view() : std::string_view(chain_->at(last_).name());
}

}  // namespace sluice::middleware
