#include "routing/model_catalog.hpp"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <optional>
#include <set>

namespace sluice::routing {

namespace {

constexpr std::chrono::minutes kListLife{5};
constexpr std::chrono::minutes kFreshFor{1};
/// Below the life of a list, so that routing by model goes on while there is traffic.
constexpr std::int64_t kRefreshEverySeconds = 120;

}  // namespace

/// Shared with the questions that are under way, which may outlive the catalog.
struct ModelCatalog::State {
    explicit State(Backends all) : backends(std::move(all)) {}

    const Backends backends;
    mutable std::mutex mutex;
    std::map<const backend::PluginBackend*, Listing> listings;
    std::vector<std::function<void()>> waiting;
    std::size_t outstanding = 0;
    std::set<const backend::PluginBackend*> heard;  ///< who has ever answered
    std::condition_variable has_heard;
    Clock::time_point refreshed_at{};
    std::atomic<std::int64_t> next_refresh_s{0};
    std::shared_ptr<const Index> index = std::make_shared<Index>();
    /// Unique over all catalogs of the process, so that a thread's copy of an index never passes for another's.
    std::atomic<std::uint64_t> version{next_version()};

    static std::uint64_t next_version() {
        static std::atomic<std::uint64_t> last{0};
        return ++last;
    }
    void take(const backend::PluginBackend& asked, std::optional<std::vector<backend::Model>> models);
    void rebuild_index_locked();
};

void ModelCatalog::State::rebuild_index_locked() {
    auto now = Clock::now();
    auto fresh = std::make_shared<Index>();
    for (const auto& backend : backends) {
        auto listing = listings.find(backend.get());
        if (listing == listings.end() || now - listing->second.asked_at > kListLife) continue;
        for (const backend::Model& model : listing->second.models) {
            auto [place, is_new] = fresh->emplace(model.id, backend.get());
            if (!is_new && place->second != backend.get()) place->second = nullptr;  // listed by several
        }
    }
    index = std::move(fresh);
    version = next_version();
}

void ModelCatalog::State::take(const backend::PluginBackend& asked, std::optional<std::vector<backend::Model>> models) {
    std::vector<std::function<void()>> done;
    {
        std::lock_guard lock(mutex);
        if (models) listings[&asked] = {std::move(*models), Clock::now()};
        heard.insert(&asked);
        rebuild_index_locked();
        if (--outstanding == 0) {
            refreshed_at = Clock::now();
            done.swap(waiting);
        }
    }
    has_heard.notify_all();
    for (auto& each : done) each();
}

ModelCatalog::ModelCatalog(Backends backends, backend::QueryLoop loop, const ModelCatalog* predecessor)
    : state_(std::make_shared<State>(std::move(backends))), loop_(std::move(loop)) {
    if (!predecessor) return;
    std::lock_guard lock(predecessor->state_->mutex);
    for (const auto& [known, listing] : predecessor->state_->listings) {
        for (const auto& backend : state_->backends) {
            if (backend->name() == known->name()) state_->listings.emplace(backend.get(), listing);
        }
    }
    state_->rebuild_index_locked();
}

void ModelCatalog::refresh(std::function<void()> done) { ask_all(state_, loop_, std::move(done)); }

void ModelCatalog::ask_all(const std::shared_ptr<State>& state, const backend::QueryLoop& loop,
                           std::function<void()> done) {
    {
        std::lock_guard lock(state->mutex);
        state->waiting.push_back(std::move(done));
        if (state->outstanding > 0) return;
        // One more than there are backends: held until all were asked, so that quick answers do not end it early.
        state->outstanding = state->backends.size() + 1;
    }
    for (const auto& backend : state->backends) {
        backend::ask_for_models(*backend, loop,
                                [state, backend](auto models) { state->take(*backend, std::move(models)); });
    }
    std::vector<std::function<void()>> ready;
    {
        std::lock_guard lock(state->mutex);
        if (--state->outstanding == 0) {
            state->refreshed_at = Clock::now();
            state->rebuild_index_locked();
            ready.swap(state->waiting);
        }
    }
    for (auto& each : ready) each();
}

void ModelCatalog::wait_for_local_lists(std::chrono::milliseconds patience) {
    std::unique_lock lock(state_->mutex);
    state_->has_heard.wait_for(lock, patience, [this] {
        return std::all_of(state_->backends.begin(), state_->backends.end(), [this](const auto& backend) {
            return backend->is_async() || state_->heard.count(backend.get()) > 0;
        });
    });
}

void ModelCatalog::refresh_when_old() const {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    std::int64_t due_s = state_->next_refresh_s.load(std::memory_order_relaxed);
    if (now.tv_sec < due_s) return;
    if (!state_->next_refresh_s.compare_exchange_strong(due_s, now.tv_sec + kRefreshEverySeconds)) return;
    if (due_s == 0) return;  // the first time: the lists were asked for at the start
    ask_all(state_, loop_, [] {});
}

bool ModelCatalog::is_stale() const {
    std::lock_guard lock(state_->mutex);
    return Clock::now() - state_->refreshed_at > kFreshFor;
}

std::vector<ModelCatalog::Entry> ModelCatalog::entries() const {
    std::lock_guard lock(state_->mutex);
    auto now = Clock::now();
    std::vector<Entry> all;
    std::set<std::string, std::less<>> seen;
    for (const auto& backend : state_->backends) {
        auto listing = state_->listings.find(backend.get());
        if (listing == state_->listings.end() || now - listing->second.asked_at > kListLife) continue;
        for (const backend::Model& model : listing->second.models) {
            if (seen.insert(model.id).second) all.push_back({model, backend->name()});
        }
    }
    return all;
}

const backend::PluginBackend* ModelCatalog::only_backend_of(std::string_view model, Freshness freshness) const {
    if (freshness == Freshness::kRefreshed) refresh_when_old();
    struct Copy {
        std::uint64_t version = 0;
        std::shared_ptr<const Index> index;
    };
    thread_local Copy copy;
    std::uint64_t version = state_->version.load(std::memory_order_acquire);
    if (copy.version != version) {
        std::lock_guard lock(state_->mutex);
        copy = {state_->version.load(), state_->index};
    }
    auto found = copy.index->find(model);
    return found == copy.index->end() ? nullptr : found->second;
}

std::vector<std::string> ModelCatalog::listers_of(std::string_view model) const {
    std::lock_guard lock(state_->mutex);
    std::vector<std::string> names;
    for (const auto& backend : state_->backends) {
        const auto listing = state_->listings.find(backend.get());
        if (listing == state_->listings.end()) continue;
        const auto& models = listing->second.models;
        if (std::any_of(models.begin(), models.end(), [&](const auto& each) { return each.id == model; })) {
            names.push_back(backend->name());
        }
    }
    return names;
}

}  // namespace sluice::routing
