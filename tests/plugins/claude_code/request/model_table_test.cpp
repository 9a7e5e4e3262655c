#include "request/model_table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using sluice::claude_code::ModelTable;

TEST_CASE("the built-in names stand for the models of the contract", "[claude_code][unit]") {
    const ModelTable table({});
    CHECK(table.find("claude-opus-4-6") == "claude-opus-4-6");
    CHECK(table.find("claude-haiku-4-5") == "claude-haiku-4-5-20251001");
    CHECK(table.find("haiku") == "haiku");
    CHECK(table.find("gpt-4") == "opus");
    CHECK(table.find("gpt-4o") == "sonnet");
    CHECK(table.find("gpt-4o-2024-08-06") == "sonnet");
    CHECK(table.find("gpt-4o-mini-2024-07-18") == "haiku");
    CHECK(table.find("gpt-4-turbo-preview") == "sonnet");
    CHECK(table.find("gpt-4-1106-preview") == "sonnet");
    CHECK(table.find("gpt-3.5-turbo-16k") == "haiku");
    CHECK_FALSE(table.find("gpt-4-32k").has_value());
    CHECK_FALSE(table.find("Opus").has_value());
    CHECK_FALSE(table.find("").has_value());
}

TEST_CASE("configured names win, exact ones before patterns and long patterns before short ones",
          "[claude_code][unit]") {
    const ModelTable table(
        {{"gpt-4", "haiku"}, {"gpt-4o*", "opus"}, {"mine*", "a"}, {"mine-b*", "b"}, {"mine-b", "c"}});
    CHECK(table.find("gpt-4") == "haiku");
    CHECK(table.find("gpt-4o-2024") == "opus");
    CHECK(table.find("gpt-4o-mini") == "haiku");
    CHECK(table.find("mine-a") == "a");
    CHECK(table.find("mine-bx") == "b");
    CHECK(table.find("mine-b") == "c");
}

TEST_CASE("every listed model can be asked for, and no pattern is listed", "[claude_code][unit]") {
    ModelTable table({{"mine*", "a"}, {"fast", "haiku"}, {"opus", "claude-opus-4-6"}});
    table.add_reported("sonnet[1m]", "claude-sonnet-5[1m]");
    table.add_reported("default", "claude-opus-4-8");
    table.add_reported("opus", "claude-opus-4-8");
    CHECK(table.listed() == std::vector<std::string>{"claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5", "opus",
                                                     "sonnet", "haiku", "fast", "sonnet[1m]", "claude-sonnet-5[1m]",
                                                     "claude-opus-4-8"});
    for (const std::string& name : table.listed()) CHECK(table.find(name).has_value());
    CHECK(table.find("opus") == "claude-opus-4-6");
    CHECK(table.valid_names().find("gpt-4o-mini*") != std::string::npos);
}
