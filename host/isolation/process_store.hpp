#pragma once

#include <sluice/ext/store.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "isolation/frame.hpp"
#include "isolation/payload.hpp"
#include "isolation/store_question.hpp"
#include "plugin/host_interfaces.hpp"

namespace sluice::isolation {

/// The store of a plugin process: every question goes to the gateway, whose store answers it. Answers come on the
/// process's loop. One in a process. [any-thread]
class ProcessStore {
public:
    /// `send` takes a frame to the gateway, from every thread, those of one thread in their order.
    using Send = std::function<void(FrameKind kind, std::uint64_t id, std::string payload)>;
    explicit ProcessStore(Send send);

    /// Offers the table in the place of the host's own. [main-thread]
    void offer(plugin::HostInterfaces& interfaces);
    /// A kStoreOpened or kStoreAnswer frame; false where it is malformed. [loop-thread]
    bool take(const Frame& frame);

    // Of the table.
    sluice_namespace* open(sluice_str name, std::uint32_t flags, sluice_text_sink errors);
    template <class Fill>
    void ask(sluice_namespace* space, StoreQuestion question, sluice_store_fn fn, void* ctx, Fill&& fill) {
        std::string payload;
        PayloadWriter out(payload);
        out.put(reinterpret_cast<const Space*>(space)->number).put(static_cast<std::uint8_t>(question));
        out.put(static_cast<std::uint8_t>(fn != nullptr));
        fill(out);
        send_(FrameKind::kStoreAsk, expect(fn, ctx), std::move(payload));
    }

private:
    struct Space {
        std::uint32_t number;
    };
    struct Opened {
        bool is_open = false;
        std::uint32_t number = 0;
        std::string error;
    };
    struct Asker {
        sluice_store_fn fn;
        void* ctx;
    };
    std::uint64_t expect(sluice_store_fn fn, void* ctx);
    bool answer(const Frame& frame);

    const Send send_;
    std::mutex mutex_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<std::uint64_t, Asker> askers_;
    std::unordered_map<std::uint64_t, std::promise<Opened>> opening_;
    std::vector<std::unique_ptr<Space>> spaces_;
};

}  // namespace sluice::isolation
