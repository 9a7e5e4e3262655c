#include "conformance/bench.hpp"

#include <time.h>

#include <algorithm>

namespace sluice::conformance {

double median(std::vector<double> results) {
    if (results.empty()) return 0;
    const auto middle = results.begin() + static_cast<std::ptrdiff_t>(results.size() / 2);
    std::nth_element(results.begin(), middle, results.end());
    return *middle;
}

double thread_cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::vector<Figure> measure(const Subject& subject) {
    std::vector<Figure> figures;
    if (subject.library->backend() != nullptr) figures = measure_backend(subject);
    if (subject.library->middleware() != nullptr) {
        for (Figure& figure : measure_middleware(subject)) figures.push_back(std::move(figure));
    }
    return figures;
}

}  // namespace sluice::conformance
