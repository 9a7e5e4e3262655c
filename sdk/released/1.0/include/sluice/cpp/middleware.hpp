// Middleware: classes that see requests on their way in and answers on their way out.
#pragma once

#include "sluice/cpp/exchange.hpp"
#include "sluice/cpp/instance.hpp"
#include "sluice/cpp/summary.hpp"
#include "sluice/ext/middleware.h"

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice {
inline namespace v1 {

// The base of middleware that keeps nothing between the hooks of one exchange. One object is one configured instance;
// its hooks run on all loops, several at once, and do not block. Overriding hooks are public; one that is not
// overridden is absent from the plugin's table and costs nothing. What on_head, on_request and on_chunk throw refuses
// the request or ends the answer; what on_response and on_complete throw is logged.
//
// A class may further declare kConfigSchema and kManifestFlags, and a constructor, as Backend says.
class Middleware {
public:
    using State = void;
    using Base = Middleware;

    virtual ~Middleware() = default;

    // Method, path and headers are known, the body is not read.
    virtual Verdict on_head(Exchange&) { return Verdict::kContinue; }
    // The body is whole, or about to be streamed.
    virtual Verdict on_request(Exchange&) { return Verdict::kContinue; }
    // The head of the answer is there, nothing is sent yet.
    virtual void on_response(Exchange&) {}
    // One event (`name` and `data`) of an event stream, or some bytes of a body (`name` empty).
    virtual ChunkVerdict on_chunk(Exchange&, std::string_view /*name*/, std::string_view /*data*/,
                                  std::string& /*replacement*/) {
        return ChunkVerdict::kPass;
    }
    // The last byte is gone or will never go.
    virtual void on_complete(const Summary&) {}
    // True if a client that cannot say who it is would be refused now. Every thread may ask.
    virtual bool is_guarding() const noexcept { return false; }
};

// The same for middleware that keeps something of its own from hook to hook: each exchange has one ExchangeState,
// default-constructed before the first hook and destroyed after on_complete.
template <class ExchangeState>
class MiddlewareWith {
public:
    using State = ExchangeState;
    using Base = MiddlewareWith;

    virtual ~MiddlewareWith() = default;

    virtual Verdict on_head(Exchange&, State&) { return Verdict::kContinue; }
    virtual Verdict on_request(Exchange&, State&) { return Verdict::kContinue; }
    virtual void on_response(Exchange&, State&) {}
    virtual ChunkVerdict on_chunk(Exchange&, State&, std::string_view /*name*/, std::string_view /*data*/,
                                  std::string& /*replacement*/) {
        return ChunkVerdict::kPass;
    }
    virtual void on_complete(State&, const Summary&) {}
    virtual bool is_guarding() const noexcept { return false; }
};

// What is behind the entries of a middleware's table.
template <class Class>
struct MiddlewareEntries {
    using Holder = Instance<Class>;
    using State = typename Class::State;
    using Base = typename Class::Base;
    static constexpr bool kHasState = !std::is_void_v<State>;

    static sluice_verdict on_head(sluice_middleware* middleware, void** slot, sluice_exchange* raw,
                                  const sluice_exchange_api* api) noexcept {
        return decide(middleware, raw, api, [slot](Class& object, Exchange& exchange) {
            if constexpr (kHasState) {
                return object.on_head(exchange, state(slot));
            } else {
                static_cast<void>(slot);
                return object.on_head(exchange);
            }
        });
    }
    static sluice_verdict on_request(sluice_middleware* middleware, void** slot, sluice_exchange* raw,
                                     const sluice_exchange_api* api) noexcept {
        return decide(middleware, raw, api, [slot](Class& object, Exchange& exchange) {
            if constexpr (kHasState) {
                return object.on_request(exchange, state(slot));
            } else {
                static_cast<void>(slot);
                return object.on_request(exchange);
            }
        });
    }
    static void on_response(sluice_middleware* middleware, void** slot, sluice_exchange* raw,
                            const sluice_exchange_api* api) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(middleware);
        Exchange exchange(raw, api);
        try {
            if constexpr (kHasState) {
                holder.object.on_response(exchange, state(slot));
            } else {
                holder.object.on_response(exchange);
            }
        } catch (...) {
            log_current_exception(holder.host, "on_response");
            // The answer goes on; the refusal tells the host only that the hook has failed.
            report_current_exception([&](const sluice_error& error, std::string_view detail) {
                if (!detail.empty()) {
                    exchange.refuse(error);
                }
            });
        }
    }
    static sluice_chunk_verdict on_chunk(sluice_middleware* middleware, void** slot, sluice_exchange* raw,
                                         const sluice_exchange_api* api, sluice_str name, sluice_str data,
                                         sluice_text_sink sink) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(middleware);
        Exchange exchange(raw, api);
        try {
            std::string replacement;
            const ChunkVerdict verdict =
                judge_chunk(holder.object, slot, exchange, to_view(name), to_view(data), replacement);
            if (verdict == ChunkVerdict::kReplace) {
                sink.put(sink.ctx, to_str(replacement));
            }
            return static_cast<sluice_chunk_verdict>(verdict);
        } catch (...) {
            refuse_with_current_exception(holder.host, exchange);
            return SLUICE_CHUNK_FAIL;
        }
    }
    static void on_complete(sluice_middleware* middleware, void* slot, const sluice_summary* summary) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(middleware);
        try {
            if constexpr (kHasState) {
                std::unique_ptr<State> owned(static_cast<State*>(slot));
                if (owned == nullptr) {
                    owned = std::make_unique<State>();
                }
                holder.object.on_complete(*owned, Summary(summary));
            } else {
                holder.object.on_complete(Summary(summary));
            }
        } catch (...) {
            log_current_exception(holder.host, "on_complete");
        }
    }
    static std::int32_t is_guarding(sluice_middleware* middleware) noexcept {
        return reinterpret_cast<const Holder*>(middleware)->object.is_guarding() ? 1 : 0;
    }

private:
    template <class Hook>
    static sluice_verdict decide(sluice_middleware* middleware, sluice_exchange* raw, const sluice_exchange_api* api,
                                 Hook hook) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(middleware);
        Exchange exchange(raw, api);
        try {
            return static_cast<sluice_verdict>(hook(holder.object, exchange));
        } catch (...) {
            refuse_with_current_exception(holder.host, exchange);
            return SLUICE_REFUSE;
        }
    }
    static ChunkVerdict judge_chunk(Class& object, void** slot, Exchange& exchange, std::string_view name,
                                    std::string_view data, std::string& replacement) {
        if constexpr (kHasState) {
            return object.on_chunk(exchange, state(slot), name, data, replacement);
        } else {
            static_cast<void>(slot);
            return object.on_chunk(exchange, name, data, replacement);
        }
    }
    static auto& state(void** slot) {
        if (*slot == nullptr) {
            *slot = new State();
        }
        return *static_cast<State*>(*slot);
    }
    static void refuse_with_current_exception(Host host, Exchange& exchange) noexcept {
        report_current_exception([&](const sluice_error& error, std::string_view detail) {
            if (!detail.empty()) {
                host.log().error(detail);
            }
            exchange.refuse(error);
        });
    }
    static void log_current_exception(Host host, std::string_view hook) noexcept {
        report_current_exception([&](const sluice_error& error, std::string_view detail) {
            host.log().error(hook);
            host.log().error(detail.empty() ? to_view(error.message) : detail);
        });
    }
};

// The table of a class derived from Middleware or MiddlewareWith.
template <class Class>
constexpr sluice_middleware_api middleware_table() noexcept {
    using Entries = MiddlewareEntries<Class>;
    using Holder = typename Entries::Holder;
    using Base = typename Class::Base;
    sluice_middleware_api table{};
    table.struct_size = sizeof(table);
    table.create = &create_instance<Holder, sluice_middleware>;
    table.destroy = &destroy_instance<Holder, sluice_middleware>;
    if constexpr (kIsOverridden<&Class::on_head, &Base::on_head>) {
        table.on_head = &Entries::on_head;
    }
    if constexpr (kIsOverridden<&Class::on_request, &Base::on_request>) {
        table.on_request = &Entries::on_request;
    }
    if constexpr (kIsOverridden<&Class::on_response, &Base::on_response>) {
        table.on_response = &Entries::on_response;
    }
    if constexpr (kIsOverridden<&Class::on_chunk, &Base::on_chunk>) {
        table.on_chunk = &Entries::on_chunk;
    }
    if constexpr (kIsOverridden<&Class::on_complete, &Base::on_complete> || Entries::kHasState) {
        table.on_complete = &Entries::on_complete;
    }
    if constexpr (kIsOverridden<&Class::is_guarding, &Base::is_guarding>) {
        table.is_guarding = &Entries::is_guarding;
    }
    return table;
}

}  // namespace v1
}  // namespace sluice
