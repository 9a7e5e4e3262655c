// A middleware under test.
#pragma once

#include "sluice/cpp/exchange.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/middleware.h"
#include "sluice/plugin.h"
#include "sluice/testing/fake_exchange.hpp"
#include "sluice/testing/fake_host.hpp"
#include "sluice/testing/loaded_instance.hpp"

#include <string>
#include <string_view>

namespace sluice {
namespace testing {

struct ChunkResult {
    ChunkVerdict verdict = ChunkVerdict::kPass;
    std::string replacement;
};

// One instance of a plugin's middleware. A hook it does not have counts as one that lets everything pass.
class LoadedMiddleware {
public:
    // Throws std::runtime_error with what the plugin says where it refuses the configuration.
    LoadedMiddleware(FakeHost& host, const sluice_plugin* plugin, std::string_view config_json = "{}")
        : LoadedMiddleware(host, table_of<sluice_middleware_api>(plugin, SLUICE_MIDDLEWARE_ID), config_json) {}
    LoadedMiddleware(FakeHost& host, const sluice_middleware_api& table, std::string_view config_json = "{}")
        : instance_(host, table, config_json) {}

    // A pending verdict is waited for: the result is the one it was resumed with.
    Verdict on_head(FakeExchange& exchange) { return decide(exchange, FakeExchange::Phase::kHead, table().on_head); }
    Verdict on_request(FakeExchange& exchange) {
        return decide(exchange, FakeExchange::Phase::kRequest, table().on_request);
    }
    void on_response(FakeExchange& exchange) {
        exchange.enter(FakeExchange::Phase::kResponse);
        if (table().on_response != nullptr) {
            table().on_response(instance_.handle(), exchange.slot(), exchange.raw(), &FakeExchange::table());
        }
    }
    // One event; some bytes of a body with an empty name.
    ChunkResult on_chunk(FakeExchange& exchange, std::string_view data, std::string_view name = {}) {
        exchange.enter(FakeExchange::Phase::kChunk);
        ChunkResult result;
        if (table().on_chunk == nullptr) {
            return result;
        }
        const sluice_text_sink sink = {&result.replacement, [](void* ctx, sluice_str text) noexcept {
                                           *static_cast<std::string*>(ctx) += to_view(text);
                                       }};
        result.verdict =
            static_cast<ChunkVerdict>(table().on_chunk(instance_.handle(), exchange.slot(), exchange.raw(),
                                                       &FakeExchange::table(), to_str(name), to_str(data), sink));
        if (result.verdict == ChunkVerdict::kFail) {
            exchange.check_error("CHUNK_FAIL");
        }
        return result;
    }
    // The end of the exchange, after which it is not used any more.
    void on_complete(FakeExchange& exchange, sluice_summary summary = sluice_summary{}) {
        summary.struct_size = sizeof(summary);
        if (table().on_complete != nullptr) {
            table().on_complete(instance_.handle(), *exchange.slot(), &summary);
        } else if (*exchange.slot() != nullptr) {
            instance_.host().breaches().add("the middleware fills its slot, but has no on_complete to free it");
        }
        *exchange.slot() = nullptr;
    }

    // For tests of the C ABI.
    const sluice_middleware_api& table() const noexcept { return instance_.table(); }
    sluice_middleware* handle() const noexcept { return instance_.handle(); }

private:
    using Hook = decltype(sluice_middleware_api::on_head);

    Verdict decide(FakeExchange& exchange, FakeExchange::Phase phase, Hook hook) {
        exchange.enter(phase);
        if (hook == nullptr) {
            return Verdict::kContinue;
        }
        const sluice_verdict verdict =
            hook(instance_.handle(), exchange.slot(), exchange.raw(), &FakeExchange::table());
        return static_cast<Verdict>(exchange.settle(verdict));
    }

    LoadedInstance<sluice_middleware_api, sluice_middleware> instance_;
};

}  // namespace testing
}  // namespace sluice
