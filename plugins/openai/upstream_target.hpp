// Where connections of an instance lead. Immutable once built; shared by all loops.
#pragma once

#include <memory>

#include "config.hpp"
#include "loop_objects.hpp"
#include "metrics.hpp"
#include "resolver.hpp"
#include "tls.hpp"

namespace sluice::openai {

struct UpstreamTarget {
    const HostServices& services;
    const Config& config;
    const Metrics& metrics;
    Resolver& resolver;     // of the proxy, where there is one
    const TlsContext* tls;  // NULL for http
};

}  // namespace sluice::openai
