// One configured use of the plugin.
#pragma once

#include <sluice/cpp/call.hpp>
#include <sluice/cpp/chat_id.hpp>
#include <sluice/cpp/host.hpp>
#include <sluice/cpp/models.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "attempts.hpp"
#include "config.hpp"
#include "fault.hpp"

namespace sluice::fault {

struct Decision;
struct RequestFacts;

// Its loops share where the script stands.
class Instance {
public:
    static constexpr std::string_view kHeader = "X-Sluice-Fault";

    Instance(Host host, Config config);

    // [loop-thread]
    void start(Call&& call);
    void list_models(ModelList&& list) const;

private:
    struct Chosen {
        std::optional<Step> step;  // empty: a good answer
        std::uint64_t number = 0;  // of the request, among those that had a choice of the kind
        std::uint64_t seed = 0;
    };

    Chosen choose(const Request& request);
    Decision decide(const Request& request, const RequestFacts& facts);
    std::string id();

    const Host host_;
    const Loops loops_;
    const Clock clock_;
    const Config config_;
    std::array<Counter, kFaultNames.size()> requests_;
    ChatIds ids_;

    std::mutex mutex_;  // of all below
    std::optional<std::chrono::nanoseconds> first_request_;
    Script::Position position_;
    Attempts attempts_;
    std::uint64_t by_script_ = 0;
    std::uint64_t by_header_ = 0;
};

}  // namespace sluice::fault
