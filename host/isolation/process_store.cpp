#include "isolation/process_store.hpp"

#include <limits>
#include <utility>

namespace sluice::isolation {

namespace {

ProcessStore* the_store = nullptr;

bool is_fit_key(sluice_str key) noexcept { return key.len > 0 && key.len <= SLUICE_STORE_MAX_KEY_BYTES; }
bool is_fit_value(sluice_str value) noexcept { return value.len <= SLUICE_STORE_MAX_VALUE_BYTES; }

/// Asks where the arguments are as sluice/ext/store.h says.
template <class Fill>
sluice_status ask_if(bool is_fit, sluice_namespace* in, StoreQuestion question, sluice_store_fn fn, void* ctx,
                     Fill&& fill) noexcept {
    if (!is_fit) return SLUICE_E_INVALID;
    try {
        the_store->ask(in, question, fn, ctx, std::forward<Fill>(fill));
        return SLUICE_OK;
    } catch (...) {
        return SLUICE_E_NO_MEMORY;
    }
}

sluice_namespace* open_namespace(const sluice_host*, sluice_str name, std::uint32_t flags,
                                 sluice_text_sink errors) noexcept {
    try {
        return the_store->open(name, flags, errors);
    } catch (...) {
        return nullptr;
    }
}

sluice_status get(sluice_namespace* in, sluice_loop*, sluice_str key, sluice_store_fn fn, void* ctx) noexcept {
    return ask_if(is_fit_key(key), in, StoreQuestion::kGet, fn, ctx, [&](PayloadWriter& out) { out.put(key); });
}

sluice_status put(sluice_namespace* in, sluice_loop*, sluice_str key, sluice_str value, std::uint64_t ttl_ms,
                  sluice_store_fn fn, void* ctx) noexcept {
    return ask_if(is_fit_key(key) && is_fit_value(value), in, StoreQuestion::kPut, fn, ctx,
                  [&](PayloadWriter& out) { out.put(key).put(value).put(ttl_ms); });
}

sluice_status remove(sluice_namespace* in, sluice_loop*, sluice_str key, sluice_store_fn fn, void* ctx) noexcept {
    return ask_if(is_fit_key(key), in, StoreQuestion::kRemove, fn, ctx, [&](PayloadWriter& out) { out.put(key); });
}

sluice_status add(sluice_namespace* in, sluice_loop*, sluice_str key, std::int64_t delta, std::uint64_t ttl_ms,
                  sluice_store_fn fn, void* ctx) noexcept {
    return ask_if(is_fit_key(key), in, StoreQuestion::kAdd, fn, ctx,
                  [&](PayloadWriter& out) { out.put(key).put(delta).put(ttl_ms); });
}

sluice_status compare_and_set(sluice_namespace* in, sluice_loop*, sluice_str key, const sluice_str* expected,
                              sluice_str value, std::uint64_t ttl_ms, sluice_store_fn fn, void* ctx) noexcept {
    return ask_if(is_fit_key(key) && is_fit_value(value), in, StoreQuestion::kCompareAndSet, fn, ctx,
                  [&](PayloadWriter& out) {
                      out.put(key).put(static_cast<std::uint8_t>(expected != nullptr));
                      out.put(expected ? *expected : sluice_str{}).put(value).put(ttl_ms);
                  });
}

sluice_status scan(sluice_namespace* in, sluice_loop*, sluice_str prefix, sluice_str cursor, std::size_t max_items,
                   sluice_store_fn fn, void* ctx) noexcept {
    const bool is_fit = prefix.len <= SLUICE_STORE_MAX_KEY_BYTES && max_items > 0 && max_items <= SLUICE_STORE_MAX_SCAN;
    return ask_if(is_fit, in, StoreQuestion::kScan, fn, ctx,
                  [&](PayloadWriter& out) { out.put(prefix).put(cursor).put(static_cast<std::uint32_t>(max_items)); });
}

sluice_status take(sluice_namespace* in, sluice_loop*, sluice_str key, const sluice_quota* quota, sluice_store_fn fn,
                   void* ctx) noexcept {
    const bool is_fit = is_fit_key(key) && quota != nullptr && quota->struct_size >= sizeof(sluice_quota) &&
                        quota->amount > 0 && quota->ttl_us > 0;
    return ask_if(is_fit, in, StoreQuestion::kTake, fn, ctx, [&](PayloadWriter& out) {
        out.put(key).put(quota->flags).put(quota->amount).put(quota->limit).put(quota->ttl_us);
    });
}

sluice_status give_back(sluice_namespace* in, sluice_loop*, sluice_str key, std::int64_t amount, std::uint64_t ticket,
                        sluice_store_fn fn, void* ctx) noexcept {
    const bool is_fit = is_fit_key(key) && amount != std::numeric_limits<std::int64_t>::min();
    return ask_if(is_fit, in, StoreQuestion::kGiveBack, fn, ctx,
                  [&](PayloadWriter& out) { out.put(key).put(amount).put(ticket); });
}

sluice_status renew(sluice_namespace* in, sluice_loop*, sluice_str key, std::int64_t amount, std::uint64_t ticket,
                    std::uint64_t ttl_us, sluice_store_fn fn, void* ctx) noexcept {
    return ask_if(is_fit_key(key) && amount > 0 && ttl_us > 0, in, StoreQuestion::kRenew, fn, ctx,
                  [&](PayloadWriter& out) { out.put(key).put(amount).put(ticket).put(ttl_us); });
}

constexpr sluice_host_store kStoreTable{
    sizeof(sluice_host_store), 0, open_namespace, get, put, remove, add, compare_and_set, scan, take, give_back, renew,
};

}  // namespace

ProcessStore::ProcessStore(Send send) : send_(std::move(send)) { the_store = this; }

void ProcessStore::offer(plugin::HostInterfaces& interfaces) { interfaces.offer(SLUICE_HOST_STORE_ID, &kStoreTable); }

sluice_namespace* ProcessStore::open(sluice_str name, std::uint32_t flags, sluice_text_sink errors) {
    std::string payload;
    PayloadWriter(payload).put(name).put(flags);
    std::uint64_t id = 0;
    std::future<Opened> opened;
    {
        const std::lock_guard lock(mutex_);
        id = ++last_id_;
        opened = opening_[id].get_future();
    }
    send_(FrameKind::kStoreOpen, id, std::move(payload));
    const Opened outcome = opened.get();
    if (!outcome.is_open) {
        errors.put(errors.ctx, {outcome.error.data(), outcome.error.size()});
        return nullptr;
    }
    const std::lock_guard lock(mutex_);
    spaces_.push_back(std::make_unique<Space>(Space{outcome.number}));
    return reinterpret_cast<sluice_namespace*>(spaces_.back().get());
}

std::uint64_t ProcessStore::expect(sluice_store_fn fn, void* ctx) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = ++last_id_;
    if (fn != nullptr) askers_.emplace(id, Asker{fn, ctx});
    return id;
}

bool ProcessStore::take(const Frame& frame) {
    if (frame.kind == FrameKind::kStoreAnswer) return answer(frame);
    PayloadReader in(frame.payload);
    Opened opened;
    opened.is_open = in.get<std::uint8_t>() != 0;
    opened.number = in.get<std::uint32_t>();
    opened.error = in.text();
    const std::lock_guard lock(mutex_);
    const auto found = opening_.find(frame.id);
    if (!in.is_whole() || found == opening_.end()) return false;
    found->second.set_value(std::move(opened));
    opening_.erase(found);
    return true;
}

// {outcome, value, number, ticket, wait_us, items, cursor}: as RelayedStore writes it.
bool ProcessStore::answer(const Frame& frame) {
    Asker asker{};
    {
        const std::lock_guard lock(mutex_);
        const auto found = askers_.find(frame.id);
        if (found == askers_.end()) return false;
        asker = found->second;
        askers_.erase(found);
    }
    PayloadReader in(frame.payload);
    sluice_store_answer answer{};
    answer.struct_size = sizeof answer;
    answer.outcome = in.get<std::int32_t>();
    answer.value = in.abi_text();
    answer.number = in.get<std::int64_t>();
    answer.ticket = in.get<std::uint64_t>();
    answer.wait_us = in.get<std::uint64_t>();
    std::vector<sluice_store_item> items(in.count(2 * sizeof(std::uint32_t)));
    for (sluice_store_item& item : items) {
        item.key = in.abi_text();
        item.value = in.abi_text();
    }
    answer.items = items.data();
    answer.item_count = items.size();
    answer.cursor = in.abi_text();
    if (!in.is_whole()) return false;
    asker.fn(asker.ctx, &answer);
    return true;
}

}  // namespace sluice::isolation
