#pragma once

#include <sluice/ext/store.h>
#include <sluice/cpp/loop.hpp>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "isolation/channel.hpp"

namespace sluice::isolation {

/// In the gateway: asks the gateway's store what a plugin process wants to know. Namespaces are opened on the main
/// thread while the instance is made; a process that comes later finds those again. [loop-thread] but where it says so
class RelayedStore {
public:
    /// A namespace that is to be opened on the main thread.
    struct OpenRequest {
        std::shared_ptr<Channel> channel;
        std::uint64_t id = 0;
        std::string name;
        std::uint32_t flags = 0;
    };

    /// `host` is the instance's; one without a store is fine.
    RelayedStore(const sluice_host* host, const Loop& home);

    /// A kStoreOpen frame: answers it, or gives what is to be opened first. Nothing at `request` and false where the
    /// frame is malformed.
    bool take_open(Channel& channel, const Frame& frame, bool may_open, std::optional<OpenRequest>& request);
    /// Opens it and answers on the loop. [main-thread]
    void open(OpenRequest request);
    /// A kStoreAsk frame; false where it is malformed.
    bool take_question(Channel& channel, const Frame& frame);
    /// Waits for the answers that are still to come. [main-thread]
    void wait_until_idle();

private:
    struct Question;
    void answer_open(const OpenRequest& request, std::optional<std::uint32_t> number, const std::string& error);
    sluice_status ask(PayloadReader& in, sluice_namespace* space, Question* question);
    static void on_answer(void* ctx, const sluice_store_answer* answer) noexcept;
    void note_end() noexcept;

    const sluice_host* host_;
    const Loop home_;
    const sluice_host_store* table_;
    std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> numbers_;  ///< by name and flags
    std::vector<sluice_namespace*> spaces_;                                   ///< by number
    std::mutex mutex_;
    std::condition_variable has_ended_;
    std::size_t under_way_ = 0;  ///< under mutex_
};

}  // namespace sluice::isolation
