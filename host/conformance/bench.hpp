#pragma once

#include <string>
#include <vector>

#include "conformance/check.hpp"

namespace sluice::conformance {

/// What something costs through the ABI: CPU time of the thread that calls the plugin, the median of rounds.
struct Figure {
    std::string name;
    double nanoseconds = 0;
};

/// Measures whole calls, further events of a stream and each hook, with a host that does little more than count. Throws
/// std::runtime_error where the plugin refuses the settings or does not end a call. [main-thread]
std::vector<Figure> measure(const Subject& subject);

/// The parts of it.
std::vector<Figure> measure_backend(const Subject& subject);
std::vector<Figure> measure_middleware(const Subject& subject);

/// So many rounds are measured, behind one that is not: what is only paid once is not what is asked for.
inline constexpr int kBenchRounds = 15;

/// The middle one; 0 of none.
double median(std::vector<double> results);

/// CPU time that this thread has used, in nanoseconds: what others do on the machine does not count.
double thread_cpu_ns();

}  // namespace sluice::conformance
