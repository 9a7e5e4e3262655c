#include "store/sqlite_operations.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "store/quota_slots.hpp"

namespace sluice::store::sqlite {
namespace {

using Part = SqliteFile::Part;
using Parts = std::vector<Part>;

std::int64_t expiry_ms(Ttl ttl, std::int64_t now_us) {
    constexpr std::int64_t kLongestMs = 1ll << 50;  // sums with it stay inside the type
    return ttl ? now_us / 1000 + std::clamp<std::int64_t>(ttl->count(), 1, kLongestMs) : 0;
}

Answer with_value(sluice_store_outcome outcome, std::string value) {
    Answer answer;
    answer.outcome = outcome;
    answer.value = std::move(value);
    return answer;
}

std::optional<Answer> done(bool is_done) { return is_done ? std::optional(Answer()) : std::nullopt; }

std::optional<std::int64_t> number_in(const std::string& text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [last, failure] = std::from_chars(text.data(), end, number);
    return failure == std::errc() && last == end ? std::optional(number) : std::nullopt;
}

QuotaSlots slots_of(const Parts& parts) {
    QuotaSlots slots;
    for (const Part& part : parts) slots.restore(static_cast<std::uint64_t>(part.expires_us), part.amount);
    return slots;
}

const Part* find_part(const Parts& parts, std::uint64_t ticket) {
    const auto found = std::find_if(parts.begin(), parts.end(), [ticket](const Part& part) {
        return static_cast<std::uint64_t>(part.expires_us) == ticket;
    });
    return found == parts.end() ? nullptr : &*found;
}

// By what a part changes when this much of it is given back.
std::int64_t change_of(const Part& part, std::int64_t amount) {
    if (amount > 0) return -std::min(amount, part.amount);
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const std::int64_t added = amount == std::numeric_limits<std::int64_t>::min() ? kMost : -amount;
    return std::min(added, kMost - part.amount);
}

Answer answer_of(const QuotaSlots& slots, const QuotaSlots::Outcome& outcome) {
    Answer answer;
    answer.outcome = outcome.is_taken ? SLUICE_STORE_OK : SLUICE_STORE_REFUSED;
    answer.number = slots.total();
    answer.ticket = outcome.ticket;
    answer.wait_us = outcome.wait_us;
    return answer;
}

RowKey row_of(const Place& at) { return {at.space, at.key}; }

template <class Work>
SqliteOperation reading(std::size_t bytes, Work work) {
    return {std::move(work), false, bytes};
}

template <class Work>
SqliteOperation writing(std::size_t bytes, Work work) {
    return {std::move(work), true, bytes};
}

}  // namespace

SqliteOperation get(Place at) {
    const std::size_t bytes = at.key.size();
    return reading(bytes, [at = std::move(at)](SqliteFile& file, std::int64_t now_us) -> std::optional<Answer> {
        auto found = file.get(row_of(at), now_us / 1000);
        if (!found) return std::nullopt;
        return with_value(found->is_there ? SLUICE_STORE_OK : SLUICE_STORE_ABSENT, std::move(found->text));
    });
}

SqliteOperation put(Place at, std::string value, Ttl ttl) {
    const std::size_t bytes = at.key.size() + value.size();
    return writing(bytes, [at = std::move(at), value = std::move(value), ttl](SqliteFile& file, std::int64_t now_us) {
        return done(file.put(row_of(at), value, expiry_ms(ttl, now_us)));
    });
}

SqliteOperation remove(Place at) {
    const std::size_t bytes = at.key.size();
    return writing(bytes,
                   [at = std::move(at)](SqliteFile& file, std::int64_t) { return done(file.remove(row_of(at))); });
}

SqliteOperation add(Place at, std::int64_t delta, Ttl ttl) {
    const std::size_t bytes = at.key.size();
    return writing(bytes,
                   [at = std::move(at), delta, ttl](SqliteFile& file, std::int64_t now_us) -> std::optional<Answer> {
                       const auto found = file.get(row_of(at), now_us / 1000);
                       if (!found) return std::nullopt;
                       const auto before = found->is_there ? number_in(found->text) : std::optional<std::int64_t>(0);
                       if (!before) return Answer::failed("the value is no whole number");
                       Answer answer;
                       if (__builtin_add_overflow(*before, delta, &answer.number))
                           return Answer::failed("the sum is beyond 64 bits");
                       const std::int64_t expires_ms = found->is_there ? found->expires_ms : expiry_ms(ttl, now_us);
                       if (!file.put(row_of(at), std::to_string(answer.number), expires_ms)) return std::nullopt;
                       return answer;
                   });
}

SqliteOperation compare_and_set(Place at, std::optional<std::string> expected, std::string value, Ttl ttl) {
    const std::size_t bytes = at.key.size() + value.size() + (expected ? expected->size() : 0);
    return writing(bytes,
                   [at = std::move(at), expected = std::move(expected), value = std::move(value), ttl](
                       SqliteFile& file, std::int64_t now_us) -> std::optional<Answer> {
                       auto found = file.get(row_of(at), now_us / 1000);
                       if (!found) return std::nullopt;
                       const bool is_expected = found->is_there ? expected == found->text : !expected;
                       if (!is_expected) return with_value(SLUICE_STORE_CONFLICT, std::move(found->text));
                       return done(file.put(row_of(at), value, expiry_ms(ttl, now_us)));
                   });
}

SqliteOperation scan(Place at, std::string cursor, std::size_t max_items) {
    const std::size_t bytes = at.key.size() + cursor.size();
    return reading(bytes,
                   [at = std::move(at), cursor = std::move(cursor), max_items](
                       SqliteFile& file, std::int64_t now_us) -> std::optional<Answer> {
                       auto list = file.list(row_of(at), cursor, max_items, now_us / 1000);
                       if (!list) return std::nullopt;
                       Answer answer;
                       answer.items = std::move(list->items);
                       if (list->has_more) answer.cursor = answer.items.back().first;
                       return answer;
                   });
}

SqliteOperation take(Place at, Quota quota) {
    const std::size_t bytes = at.key.size();
    return writing(bytes, [at = std::move(at), quota](SqliteFile& file, std::int64_t now_us) -> std::optional<Answer> {
        const auto parts = file.parts(row_of(at), now_us);
        if (!parts) return std::nullopt;
        QuotaSlots slots = slots_of(*parts);
        const QuotaSlots::Outcome outcome = slots.take(quota, static_cast<std::uint64_t>(now_us));
        const Part taken{static_cast<std::int64_t>(outcome.ticket), quota.amount};
        if (outcome.is_taken && !file.change_part(row_of(at), taken)) return std::nullopt;
        return answer_of(slots, outcome);
    });
}

SqliteOperation give_back(Place at, std::int64_t amount, std::uint64_t ticket) {
    const std::size_t bytes = at.key.size();
    return writing(
        bytes, [at = std::move(at), amount, ticket](SqliteFile& file, std::int64_t now_us) -> std::optional<Answer> {
            const auto parts = file.parts(row_of(at), now_us);
            if (!parts) return std::nullopt;
            const Part* part = find_part(*parts, ticket);
            if (part == nullptr || amount == 0) return Answer();
            return done(file.change_part(row_of(at), {part->expires_us, change_of(*part, amount)}));
        });
}

SqliteOperation renew(Place at, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us) {
    const std::size_t bytes = at.key.size();
    return writing(
        bytes,
        [at = std::move(at), amount, ticket, ttl_us](SqliteFile& file, std::int64_t now_us) -> std::optional<Answer> {
            const auto parts = file.parts(row_of(at), now_us);
            if (!parts) return std::nullopt;
            QuotaSlots slots = slots_of(*parts);
            const QuotaSlots::Outcome outcome = slots.renew(amount, ticket, ttl_us, static_cast<std::uint64_t>(now_us));
            if (const Part* part = find_part(*parts, ticket)) {
                if (!file.change_part(row_of(at), {part->expires_us, change_of(*part, amount)})) return std::nullopt;
            }
            const Part renewed{static_cast<std::int64_t>(outcome.ticket), amount};
            if (!file.change_part(row_of(at), renewed)) return std::nullopt;
            return answer_of(slots, outcome);
        });
}

}  // namespace sluice::store::sqlite
