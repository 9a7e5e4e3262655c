#pragma once

#include <sluice/ext/middleware.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "observability/request_record.hpp"
#include "plugin/plugin_instance.hpp"

namespace sluice::middleware {

/// The middleware of one generation in its configured order. Immutable. Which link has which hook is worked out once,
/// so that a hook nobody has costs a request nothing.
class Chain {
public:
    using Links = std::vector<std::shared_ptr<const plugin::MiddlewareInstance>>;
    explicit Chain(Links links);

    std::size_t size() const noexcept { return links_.size(); }
    const Links& links() const noexcept { return links_; }
    bool sees_responses() const noexcept { return sees_responses_; }
    bool sees_chunks() const noexcept { return !chunk_links_.empty(); }
    /// True if a link says that it refuses clients who cannot say who they are.
    bool is_guarding() const noexcept;
    const plugin::MiddlewareInstance& at(std::size_t index) const noexcept { return *links_[index]; }
    /// A link that has on_chunk, with all that a chunk needs of it in one place: it is used for every token.
    struct ChunkLink {
        decltype(sluice_middleware_api::on_chunk) on_chunk;
        sluice_middleware* handle;
        plugin::Conduct* conduct;
        std::size_t index;  ///< among all links
    };
    /// Last one first.
    const std::vector<ChunkLink>& chunk_links() const noexcept { return chunk_links_; }

private:
    Links links_;
    bool sees_responses_ = false;
    std::vector<ChunkLink> chunk_links_;
};

/// One exchange's way through a chain: how far it came, and each link's slot. [loop-thread]
class ChainRun {
public:
    /// Starts anew. `chain` outlives the run.
    void reset(const Chain* chain);
    bool is_empty() const noexcept { return !chain_ || chain_->size() == 0; }

    /// Runs the on_head hooks from where the run stands. Returns at the first verdict that is not CONTINUE; called
    /// again after PENDING it goes on with the next link. A link in quarantine is not entered: REFUSE, turned_away().
    sluice_verdict run_head(sluice_exchange* exchange, const sluice_exchange_api& api);
    /// The on_request hooks, likewise.
    sluice_verdict run_request(sluice_exchange* exchange, const sluice_exchange_api& api);
    /// The on_response hooks of every link that was entered, last one first.
    void run_response(sluice_exchange* exchange, const sluice_exchange_api& api);
    bool wants_chunks() const noexcept { return chain_ && chain_->sees_chunks(); }

    /// What became of a chunk: `text` is what goes on, `verdict` PASS, REPLACE, DROP, END or FAIL.
    struct ChunkResult {
        sluice_chunk_verdict verdict = SLUICE_CHUNK_PASS;
        std::string_view text;
    };
    /// The on_chunk hooks of every entered link, last one first. The text is valid until the next call.
    ChunkResult run_chunk(sluice_exchange* exchange, const sluice_exchange_api& api, std::string_view name,
                          std::string_view data);
    /// on_complete of every entered link, last one first; the run is over.
    void complete(const sluice_summary& summary);
    /// The link whose verdict ended or suspended the run; empty before that.
    std::string_view last_link() const noexcept;
    plugin::Conduct& last_conduct() const noexcept { return chain_->at(last_).conduct(); }
    /// The link that is in quarantine, so that the exchange must not go on; else null.
    plugin::Conduct* turned_away() const noexcept { return turned_away_; }
    /// Notes that the last link has resumed what it had left pending, and how long that took.
    void resumed(sluice_verdict verdict, bool is_head, std::chrono::nanoseconds waited) noexcept;
    /// Notes that the answer ended because of what the last link did to it.
    void answer_failed() noexcept { verdicts_[last_].answer = observability::HookVerdict::kFail; }
    /// What the links that were reached have said so far. Valid until the next reset(); to be asked for before
    /// complete().
    std::span<const observability::VerdictRecord> verdicts() const noexcept;
    /// Counts what the last link did wrong; of one link only the first thing counts.
    void blame_last(observability::Misbehaviour reason) noexcept;

private:
    bool may_enter(plugin::Conduct& conduct);
    sluice_verdict judge(sluice_verdict verdict) noexcept;

    /// What the last link put in a chunk's place, and room for what the next one puts there.
    struct Replacement {
        std::string current;
        std::string next;
    };

    const Chain* chain_ = nullptr;
    std::vector<void*> slots_;
    std::vector<std::uint64_t> chunk_calls_;  ///< of each of the chain's chunk links; counted as calls at the end
    std::vector<observability::VerdictRecord> verdicts_;  ///< of every link
    std::size_t entered_ = 0;                             ///< links whose on_head was passed or entered
    std::size_t requested_ = 0;                           ///< links whose on_request was passed or entered
    std::size_t last_ = 0;
    std::size_t blamed_ = kNobody;  ///< the link that was blamed last
    static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
    plugin::Conduct* turned_away_ = nullptr;
    std::vector<plugin::Conduct*> trials_;  ///< links in quarantine that this run may enter on trial
    std::unique_ptr<Replacement> replacement_;
};

}  // namespace sluice::middleware
