// What all loops of one instance share.
#pragma once

#include <sluice/cpp/host.hpp>

#include <vector>

#include "config.hpp"
#include "fair_queues.hpp"
#include "outstanding.hpp"
#include "rule.hpp"
#include "store_health.hpp"

namespace sluice::ratelimit {

// The limits of one hook.
struct RuleSet {
    std::vector<Rule> rules;
    bool asks_for_key_limits = false;

    void add(const Limit& limit, Host host) {
        asks_for_key_limits |= limit.is_replaceable();
        rules.emplace_back(limit, host);
    }
};

// [any-thread]
struct Services {
    Services(Host host, const Config& options)
        : config(options),
          store(host.store(options.store_namespace, false)),
          clock(host.clock()),
          log(host.log()),
          health(host, options.refuses_when_store_fails),
          queued(host.metrics().counter("requests_queued_total", "Requests that waited for a slot.")),
          timed_out(host.metrics().counter("requests_timed_out_total", "Requests that waited for a slot in vain.")),
          waiting(host.metrics().gauge("requests_waiting", "Requests that wait for a slot now.")) {
        for (const Limit& limit : config.limits) (limit.needs_body() ? on_request : on_head).add(limit, host);
    }

    const Config config;
    const Store store;
    const Clock clock;
    const Log log;
    StoreHealth health;
    const Counter queued;
    const Counter timed_out;
    const Gauge waiting;
    RuleSet on_head;
    RuleSet on_request;
    FairQueues queues;
    Outstanding unanswered_loops;  // those that are closed
};

}  // namespace sluice::ratelimit
