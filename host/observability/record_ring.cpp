#include "observability/record_ring.hpp"

#include <algorithm>
#include <new>

namespace sluice::observability {

RecordRing::RecordRing(std::size_t capacity)
    : capacity_(capacity), slots_(capacity == 0 ? nullptr : std::make_unique<Slot[]>(capacity)) {}

void RecordRing::keep(const RequestRecord& record) noexcept {
    if (capacity_ == 0) return;
    const std::uint64_t number = last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
    Slot& slot = slot_of(number);
    const std::lock_guard lock(slot.mutex);
    if (slot.number > number) return;  // the ring went round while this thread waited
    try {
        if (!slot.record) slot.record = std::make_unique<KeptRecord>();
        slot.number = 0;
        slot.record->assign(record);
        slot.number = number;
    } catch (const std::bad_alloc&) {
        // Without this record: that it is missing does nobody harm.
    }
}

template <class Matches>
std::vector<KeptRecord> RecordRing::newest(std::size_t most, Matches matches) const {
    std::vector<KeptRecord> found;
    const std::uint64_t last = last_number_.load(std::memory_order_relaxed);
    const std::uint64_t oldest = last > capacity_ ? last - capacity_ : 0;
    for (std::uint64_t number = last; number > oldest && found.size() < most; --number) {
        const Slot& slot = slot_of(number);
        const std::lock_guard lock(slot.mutex);
        // Another number: it is being written, or was replaced since.
        if (slot.number == number && matches(slot.record->get())) found.push_back(*slot.record);
    }
    return found;
}

std::vector<KeptRecord> RecordRing::find(std::string_view request_id, std::size_t most) const {
    return newest(most, [&](const RequestRecord& record) { return record.request_id == request_id; });
}

std::vector<KeptRecord> RecordRing::last(std::size_t most) const {
    return newest(most, [](const RequestRecord&) { return true; });
}

std::size_t RecordRing::size() const noexcept {
    return static_cast<std::size_t>(std::min<std::uint64_t>(last_number_.load(std::memory_order_relaxed), capacity_));
}

}  // namespace sluice::observability
