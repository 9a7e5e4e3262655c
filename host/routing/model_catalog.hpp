#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/plugin_backend.hpp"
#include "backend/query.hpp"

namespace sluice::routing {

/// Which backend lists which model: the union of the backends' lists, kept fresh in the background. A backend that
/// cannot be asked keeps its last good list for five minutes and is left out afterwards. [any-thread]
class ModelCatalog {
public:
    using Backends = std::vector<std::shared_ptr<const backend::PluginBackend>>;

    /// Until a backend has answered, it lists what the one of its name did in `predecessor` (may be null).
    ModelCatalog(Backends backends, backend::QueryLoop loop, const ModelCatalog* predecessor = nullptr);

    /// Asks all backends; `done` runs once all have answered or `patience` has passed in the asker's eyes (the caller
    /// waits, not this class). A refresh that is under way is joined.
    void refresh(std::function<void()> done);
    /// Waits until every synchronous backend has answered the refresh that is under way, but no longer than `patience`:
    /// those need no network, and the first request may name one of their models. Not on a loop.
    void wait_for_local_lists(std::chrono::milliseconds patience);
    /// True where the lists are older than a minute.
    bool is_stale() const;

    struct Entry {
        backend::Model model;
        std::string backend;
    };
    /// Every listed model once, in the order of the backends; the first backend that lists it is its owner.
    std::vector<Entry> entries() const;

    enum class Freshness {
        kRefreshed,  ///< lists that have become old are asked for anew, for later questions
        kAsItIs      ///< nobody is asked
    };
    /// The only backend that lists `model`, or null where none or several do. Cheap: no lock unless the lists changed.
    const backend::PluginBackend* only_backend_of(std::string_view model,
                                                  Freshness freshness = Freshness::kRefreshed) const;
    /// The names of all backends that list `model`, in the order of the backends. Asks nobody.
    std::vector<std::string> listers_of(std::string_view model) const;

private:
    using Clock = std::chrono::steady_clock;
    struct Listing {
        std::vector<backend::Model> models;
        Clock::time_point asked_at{};
    };
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Index = std::unordered_map<std::string, const backend::PluginBackend*, TextHash, std::equal_to<>>;
    struct State;

    static void ask_all(const std::shared_ptr<State>& state, const backend::QueryLoop& loop,
                        std::function<void()> done);
    void refresh_when_old() const;

    std::shared_ptr<State> state_;
    backend::QueryLoop loop_;
};

}  // namespace sluice::routing
