// How the functions of the fakes' tables find the fakes: sluice_host.ctx points to these parts.
#pragma once

#include "sluice/host.h"

namespace sluice {
namespace testing {

class Breaches;
class FakeClock;
class FakeFolder;
class FakeLog;
class FakeLoop;
class FakeMetrics;
class FakeStore;

struct HostParts {
    Breaches* breaches = nullptr;
    FakeClock* clock = nullptr;
    FakeLog* log = nullptr;
    FakeMetrics* metrics = nullptr;
    FakeLoop* loop = nullptr;
    FakeFolder* folder = nullptr;
    FakeStore* store = nullptr;
};

inline HostParts& parts_of(const sluice_host* host) noexcept { return *static_cast<HostParts*>(host->ctx); }

}  // namespace testing
}  // namespace sluice
