#include "app/plugin_tool.hpp"

#include <array>
#include <iostream>
#include <string_view>

#include "app/plugin_bench.hpp"
#include "app/plugin_check.hpp"
#include "app/plugin_inspect.hpp"
#include "app/plugin_new.hpp"

namespace sluice::app {

namespace {

constexpr int kWrongArguments = 2;

using Arguments = std::vector<std::string>;

struct Tool {
    std::string_view name;
    std::string_view usage;
    int (*run)(const Arguments& arguments);
};

constexpr std::array kTools{
    Tool{"new", kPluginNewUsage, run_plugin_new},
    Tool{"inspect", "FILE", run_plugin_inspect},
    Tool{"check", "FILE [--settings JSON_FILE] [--timeout SECONDS] [--allow-resident]", run_plugin_check},
    Tool{"bench", "FILE [--settings JSON_FILE] [--timeout SECONDS]", run_plugin_bench},
};
static_assert(kTools.size() == kPluginTools.size(), "each has one entry in both lists");

}  // namespace

int run_plugin_tool(const Arguments& words) {
    for (const Tool& tool : kTools) {
        if (!words.empty() && tool.name == words[0]) return tool.run({words.begin() + 1, words.end()});
    }
    std::cerr << "sluice plugin: expected one of:\n";
    for (const Tool& tool : kTools) std::cerr << "  sluice plugin " << tool.name << ' ' << tool.usage << '\n';
    return kWrongArguments;
}

}  // namespace sluice::app
