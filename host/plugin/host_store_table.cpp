#include "plugin/host_tables.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <optional>

#include "plugin/plugin_entry.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/table_checks.hpp"
#include "store/store_hub.hpp"

/// A namespace as one instance has it.
struct sluice_namespace final : sluice::store::AnswerDoor {
    sluice::store::Namespace& space;
    const sluice_host_loop& loops;
    sluice::plugin::Conduct& conduct;

    sluice_namespace(sluice::store::Namespace& opened, const sluice_host_loop& host_loops,
                     sluice::plugin::Conduct& opener)
        : space(opened), loops(host_loops), conduct(opener) {}

    sluice::store::Asker asker(sluice_loop* loop, sluice_store_fn fn, void* ctx) const noexcept {
        return {loops, loop, fn, ctx, this};
    }
    void tell(sluice_store_fn fn, void* ctx, const sluice_store_answer& answer) const noexcept override {
        using sluice::observability::PluginFunction;
        sluice::plugin::run_callback(conduct, PluginFunction::kStoreAnswer, [&] { fn(ctx, &answer); });
    }
};

namespace sluice::plugin {
namespace {

sluice_namespace* open(const sluice_host* host, sluice_str name, std::uint32_t flags,
                       sluice_text_sink errors) noexcept {
    const auto refuse = [&](std::string_view reason) -> sluice_namespace* {
        errors.put(errors.ctx, abi_text(reason));
        return nullptr;
    };
    try {
        PluginInstance& instance = PluginInstance::from(host);
        const auto* loops =
            static_cast<const sluice_host_loop*>(host->get_interface(host, abi_text(SLUICE_HOST_LOOP_ID)));
        if (instance.stores() == nullptr || loops == nullptr) return refuse("this gateway has no store");
        auto opened = instance.stores()->open(view_of(name), (flags & SLUICE_NAMESPACE_DURABLE) != 0);
        if (!opened) return refuse(opened.error());
        const auto handle = std::make_shared<sluice_namespace>(**opened, *loops, instance.conduct());
        instance.keep(handle);
        return handle.get();
    } catch (const std::exception& error) {
        return refuse(error.what());
    }
}

bool is_key(sluice_str key) noexcept { return key.len > 0 && key.len <= SLUICE_STORE_MAX_KEY_BYTES; }
bool is_value(sluice_str value) noexcept { return value.len <= SLUICE_STORE_MAX_VALUE_BYTES; }

store::Ttl ttl_of(std::uint64_t ttl_ms) noexcept {
    constexpr std::uint64_t kLongestMs = 1ull << 50;  // sums with it stay inside the type
    if (ttl_ms == 0) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(ttl_ms, kLongestMs)));
}

/// Nothing a store throws reaches the plugin; without memory nothing was done and nobody is told.
template <class Work>
sluice_status guarded(Work&& work) noexcept {
    try {
        work();
        return SLUICE_OK;
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    } catch (...) {
        return SLUICE_E_INTERNAL;
    }
}

sluice_status get(sluice_namespace* in, sluice_loop* loop, sluice_str key, sluice_store_fn fn, void* ctx) noexcept {
    if (!is_key(key)) return SLUICE_E_INVALID;
    return guarded([&] { in->space.get(view_of(key), in->asker(loop, fn, ctx)); });
}

sluice_status put(sluice_namespace* in, sluice_loop* loop, sluice_str key, sluice_str value, std::uint64_t ttl_ms,
                  sluice_store_fn fn, void* ctx) noexcept {
    if (!is_key(key) || !is_value(value)) return SLUICE_E_INVALID;
    return guarded([&] { in->space.put(view_of(key), view_of(value), ttl_of(ttl_ms), in->asker(loop, fn, ctx)); });
}

sluice_status remove(sluice_namespace* in, sluice_loop* loop, sluice_str key, sluice_store_fn fn, void* ctx) noexcept {
    if (!is_key(key)) return SLUICE_E_INVALID;
    return guarded([&] { in->space.remove(view_of(key), in->asker(loop, fn, ctx)); });
}

sluice_status add(sluice_namespace* in, sluice_loop* loop, sluice_str key, std::int64_t delta, std::uint64_t ttl_ms,
                  sluice_store_fn fn, void* ctx) noexcept {
    if (!is_key(key)) return SLUICE_E_INVALID;
    return guarded([&] { in->space.add(view_of(key), delta, ttl_of(ttl_ms), in->asker(loop, fn, ctx)); });
}

sluice_status compare_and_set(sluice_namespace* in, sluice_loop* loop, sluice_str key, const sluice_str* expected,
                              sluice_str value, std::uint64_t ttl_ms, sluice_store_fn fn, void* ctx) noexcept {
    if (!is_key(key) || !is_value(value)) return SLUICE_E_INVALID;
    std::optional<std::string_view> wanted;
    if (expected != nullptr) wanted = view_of(*expected);
    return guarded([&] {
        in->space.compare_and_set(view_of(key), wanted, view_of(value), ttl_of(ttl_ms), in->asker(loop, fn, ctx));
    });
}

sluice_status scan(sluice_namespace* in, sluice_loop* loop, sluice_str prefix, sluice_str cursor, std::size_t max_items,
                   sluice_store_fn fn, void* ctx) noexcept {
    const bool is_good =
        prefix.len <= SLUICE_STORE_MAX_KEY_BYTES && max_items > 0 && max_items <= SLUICE_STORE_MAX_SCAN;
    if (!is_good) return SLUICE_E_INVALID;
    return guarded([&] { in->space.scan(view_of(prefix), view_of(cursor), max_items, in->asker(loop, fn, ctx)); });
}

sluice_status take(sluice_namespace* in, sluice_loop* loop, sluice_str key, const sluice_quota* quota,
                   sluice_store_fn fn, void* ctx) noexcept {
    if (!is_key(key) || quota == nullptr || quota->struct_size < sizeof(sluice_quota) || quota->amount <= 0 ||
        quota->ttl_us == 0) {
        return SLUICE_E_INVALID;
    }
    const store::Quota wanted{quota->amount, quota->limit, quota->ttl_us, (quota->flags & SLUICE_QUOTA_QUEUED) != 0};
    return guarded([&] { in->space.take(view_of(key), wanted, in->asker(loop, fn, ctx)); });
}

sluice_status give_back(sluice_namespace* in, sluice_loop* loop, sluice_str key, std::int64_t amount,
                        std::uint64_t ticket, sluice_store_fn fn, void* ctx) noexcept {
    // The one number that has no opposite: stores may negate it.
    if (!is_key(key) || amount == std::numeric_limits<std::int64_t>::min()) return SLUICE_E_INVALID;
    return guarded([&] { in->space.give_back(view_of(key), amount, ticket, in->asker(loop, fn, ctx)); });
}

sluice_status renew(sluice_namespace* in, sluice_loop* loop, sluice_str key, std::int64_t amount, std::uint64_t ticket,
                    std::uint64_t ttl_us, sluice_store_fn fn, void* ctx) noexcept {
    if (!is_key(key) || amount <= 0 || ttl_us == 0) return SLUICE_E_INVALID;
    return guarded([&] { in->space.renew(view_of(key), amount, ticket, ttl_us, in->asker(loop, fn, ctx)); });
}

constexpr sluice_host_store kTable{
    sizeof(sluice_host_store), 0, open, get, put, remove, add, compare_and_set, scan, take, give_back, renew,
};

}  // namespace

const sluice_host_store& host_store_table() noexcept { return kTable; }

}  // namespace sluice::plugin
