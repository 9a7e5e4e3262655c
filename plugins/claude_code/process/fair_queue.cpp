#include "process/fair_queue.hpp"

#include <algorithm>
#include <utility>

namespace sluice::claude_code {
namespace {

template <class Seekers>
auto place_of(Seekers& seekers, const ProcessSeeker& seeker) noexcept {
    return std::find_if(seekers.begin(), seekers.end(),
                        [&](const WaitingSeeker& one) { return one.seeker == &seeker; });
}

}  // namespace

void FairQueue::push(WaitingSeeker waiting) {
    const auto line =
        std::find_if(lines_.begin(), lines_.end(), [&](const Line& one) { return one.owner == waiting.need.owner; });
    if (line != lines_.end()) return line->seekers.push_back(std::move(waiting));
    Line& made = lines_.emplace_back();
    made.owner = waiting.need.owner;
    made.seekers.push_back(std::move(waiting));
}

std::vector<const WaitingSeeker*> FairQueue::in_order() const {
    std::vector<const WaitingSeeker*> order;
    const std::size_t total = count();
    for (std::size_t rank = 0; order.size() < total; ++rank) {
        for (const Line& line : lines_) {
            if (rank < line.seekers.size()) order.push_back(&line.seekers[rank]);
        }
    }
    std::stable_partition(order.begin(), order.end(), [](const WaitingSeeker* one) { return one->is_preferred; });
    return order;
}

void FairQueue::prefer(const ProcessSeeker& seeker) noexcept {
    const auto line = line_of(seeker);
    if (line != lines_.end()) place_of(line->seekers, seeker)->is_preferred = true;
}

void FairQueue::take(const ProcessSeeker& seeker) {
    const auto line = line_of(seeker);
    if (line == lines_.end()) return;
    line->seekers.erase(place_of(line->seekers, seeker));
    Line served = std::move(*line);
    lines_.erase(line);
    if (!served.seekers.empty()) lines_.push_back(std::move(served));
}

bool FairQueue::remove(const ProcessSeeker& seeker) {
    const auto line = line_of(seeker);
    if (line == lines_.end()) return false;
    line->seekers.erase(place_of(line->seekers, seeker));
    if (line->seekers.empty()) lines_.erase(line);
    return true;
}

const WaitingSeeker* FairQueue::find(const ProcessSeeker& seeker) const noexcept {
    for (const Line& line : lines_) {
        const auto found = place_of(line.seekers, seeker);
        if (found != line.seekers.end()) return &*found;
    }
    return nullptr;
}

std::size_t FairQueue::count() const noexcept {
    std::size_t total = 0;
    for (const Line& line : lines_) total += line.seekers.size();
    return total;
}

std::deque<FairQueue::Line>::iterator FairQueue::line_of(const ProcessSeeker& seeker) noexcept {
    return std::find_if(lines_.begin(), lines_.end(),
                        [&](Line& line) { return place_of(line.seekers, seeker) != line.seekers.end(); });
}

}  // namespace sluice::claude_code
