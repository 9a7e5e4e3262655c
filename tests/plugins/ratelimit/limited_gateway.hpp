// An instance of the plugin in a fake host, and requests on their way through it.
#pragma once

#include <sluice/testing/fake_exchange.hpp>
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/loaded_instance.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/cpp/middleware.hpp"
#include "sluice/plugin.h"

extern "C" const sluice_plugin* sluice_plugin_query(std::uint32_t host_major, std::uint32_t host_minor) noexcept;

namespace sluice::ratelimit {

using testing::FakeExchange;
using testing::FakeHost;
using testing::FakeRequest;
using namespace std::chrono_literals;

class Gateway {
public:
    explicit Gateway(std::string_view config, const std::string& name = "limits")
        : host(name),
          instance(host, testing::table_of<sluice_middleware_api>(sluice_plugin_query(1, 0), SLUICE_MIDDLEWARE_ID),
                   config) {}

    // All answers that were held; from now on none is.
    void answer() {
        host.store().hold_answers(false);
        host.store().release_answers();
    }
    std::int64_t taken(const std::string& key) { return host.store().taken("ratelimit", key); }

    FakeHost host;
    testing::LoadedInstance<sluice_middleware_api, sluice_middleware> instance;
};

// One request. It may pass several gateways' middleware, one after the other, as it would in one chain.
class Visit {
public:
    explicit Visit(Gateway& gateway, FakeRequest request = FakeRequest())
        : exchange(gateway.host, std::move(request)), gateway_(gateway) {}
    Visit(Gateway& gateway, std::string_view address) : Visit(gateway, FakeRequest().set_client_address(address)) {}
    ~Visit() {
        for (const auto& [gateway, slot] : slots_) complete(*gateway, slot, sluice_summary{});
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    // The verdict as it comes from the hook: it may be kPending.
    Verdict head(Gateway& gateway) { return run(gateway, FakeExchange::Phase::kHead); }
    Verdict head() { return head(gateway_); }
    Verdict request() { return run(gateway_, FakeExchange::Phase::kRequest); }
    bool passes_head() { return head() == Verdict::kContinue; }
    bool passes_request() { return request() == Verdict::kContinue; }
    // What it was resumed with; kPending while it is not.
    Verdict resumed() {
        const auto verdict = exchange.resumed_with();
        return verdict ? static_cast<Verdict>(exchange.settle(SLUICE_PENDING)) : Verdict::kPending;
    }
    void leave() {
        exchange.cancel();
        gateway_.host.loop().run_ready();
    }
    // The answer is over.
    void complete() { end(sluice_summary{}); }
    // As if its gateway had been killed: the store is not told, within the next second at least.
    void complete_unheard() {
        gateway_.host.store().go_down();
        complete(gateway_, slots_[&gateway_], sluice_summary{});
        slots_.erase(&gateway_);
        gateway_.host.store().come_up();
        gateway_.host.loop().run_ready();
    }
    void complete_with(std::uint64_t prompt_tokens, std::uint64_t completion_tokens) {
        const sluice_usage usage{sizeof(sluice_usage), 0, prompt_tokens, completion_tokens, 0};
        sluice_summary summary{};
        summary.usage = &usage;
        end(summary);
    }
    std::string header(std::string_view name) const { return exchange.response_header(name).value_or("none"); }
    const std::string& message() const { return exchange.error()->message; }

    FakeExchange exchange;

private:
    Verdict run(Gateway& gateway, FakeExchange::Phase phase) {
        exchange.enter(phase);
        const auto& table = gateway.instance.table();
        const auto hook = phase == FakeExchange::Phase::kHead ? table.on_head : table.on_request;
        const sluice_verdict verdict =
            hook(gateway.instance.handle(), &slots_[&gateway], exchange.raw(), &FakeExchange::table());
        return static_cast<Verdict>(verdict == SLUICE_PENDING ? verdict : exchange.settle(verdict));
    }
    void end(const sluice_summary& summary) {
        complete(gateway_, slots_[&gateway_], summary);
        slots_.erase(&gateway_);
        gateway_.host.loop().run_ready();
    }
    static void complete(Gateway& gateway, void* slot, sluice_summary summary) {
        summary.struct_size = sizeof(summary);
        gateway.instance.table().on_complete(gateway.instance.handle(), slot, &summary);
    }

    Gateway& gateway_;
    std::map<Gateway*, void*> slots_;
};

}  // namespace sluice::ratelimit
