// What it costs to find the route of a request among 1,000: nanoseconds of CPU time, and allocations.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "routing/router.hpp"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t bytes) {
    ++allocations;
    if (void* memory = std::malloc(bytes ? bytes : 1)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace sluice;

constexpr std::size_t kRules = 1000;
constexpr std::size_t kRequests = 1'000'000;

double cpu_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// One kind of rules: how the rule with a number matches, and how a request asks for it.
struct Kind {
    const char* name;
    config::RouteMatch (*rule)(std::size_t number);
    void (*ask)(http::Request& request, http::Attributes& attributes, std::size_t number);
};

config::ValueMatch equals(std::string name, std::string value) {
    return {std::move(name), config::ValueTest::kEquals, {std::move(value)}, true};
}

const Kind kKinds[] = {
    {"exact model", [](std::size_t n) { return config::RouteMatch{.model = "vendor/model-" + std::to_string(n)}; },
     [](http::Request& request, http::Attributes&, std::size_t n) {
         request.model = "vendor/model-" + std::to_string(n);
     }},
    {"model prefix", [](std::size_t n) { return config::RouteMatch{.model = "team-" + std::to_string(n) + "/*"}; },
     [](http::Request& request, http::Attributes&, std::size_t n) {
         request.model = "team-" + std::to_string(n) + "/gpt-4o";
     }},
    {"header",
     [](std::size_t n) { return config::RouteMatch{.header = equals("X-Team", "team-" + std::to_string(n))}; },
     [](http::Request& request, http::Attributes&, std::size_t n) {
         request.set_header("X-Team", "team-" + std::to_string(n));
     }},
    {"key", [](std::size_t n) { return config::RouteMatch{.attribute = equals("key.id", "key_" + std::to_string(n))}; },
     [](http::Request&, http::Attributes& attributes, std::size_t n) {
         attributes.set("key.id", "key_" + std::to_string(n));
     }},
    {"path", [](std::size_t n) { return config::RouteMatch{.path = "/v1/tenant-" + std::to_string(n) + "/*"}; },
     [](http::Request& request, http::Attributes&, std::size_t) { request.path = "/v1/tenant-999/chat/completions"; }},
};

void measure(const Kind& kind) {
    config::Config config;
    for (std::size_t number = 0; number < kRules; ++number) {
        config::Route& route = config.routes.emplace_back();
        route.match = kind.rule(number);
        route.target = config::RouteTarget::kError;
        route.error = {"backend_unavailable", "rule " + std::to_string(number), ""};
    }
    const routing::Router router(config, {}, nullptr);
    http::Request request;
    http::Attributes attributes;
    request.method = "POST";
    request.path = "/v1/chat/completions";
    request.set_header("Content-Type", "application/json");
    request.set_header("Authorization", "Bearer sk-0123456789");
    kind.ask(request, attributes, kRules - 1);
    if (router.route(request, attributes).label != "routes[999]") std::abort();
    const std::size_t allocations_before = allocations;
    const double begin = cpu_nanoseconds();
    std::size_t found = 0;
    for (std::size_t count = 0; count < kRequests; ++count) found += router.route(request, attributes).label.size();
    const double taken = (cpu_nanoseconds() - begin) / static_cast<double>(kRequests);
    const double made = static_cast<double>(allocations - allocations_before) / static_cast<double>(kRequests);
    std::printf("%-14s %8.0f ns   %4.1f allocations\n", kind.name, found == 0 ? 0 : taken, made);
}

}  // namespace

int main() {
    std::printf("the last of %zu routes, by        per request (bar: 2000 ns, 0 allocations)\n", kRules);
    for (const Kind& kind : kKinds) measure(kind);
}
