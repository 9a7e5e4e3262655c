// How far the attempts of requests have come that choose their faults themselves.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "script.hpp"

namespace sluice::fault {

// All attempts of one request have its id. Remembers the newest requests only. For one thread at a time.
class Attempts {
public:
    static constexpr std::size_t kMaxRequests = 1024;

    // The position of the request; valid until the next call.
    Script::Position& of(std::string_view request_id) {
        const auto [entry, is_new] = positions_.try_emplace(std::string(request_id));
        if (!is_new) return entry->second;
        order_.push_back(entry->first);
        if (order_.size() > kMaxRequests) {
            positions_.erase(order_.front());
            order_.pop_front();
        }
        return entry->second;
    }

private:
    std::unordered_map<std::string, Script::Position> positions_;
    std::deque<std::string> order_;
};

}  // namespace sluice::fault
