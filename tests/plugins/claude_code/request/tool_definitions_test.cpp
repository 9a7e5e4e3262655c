#include <catch2/catch.hpp>

#include "reading.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;

namespace {

std::string tools(const std::string& function, const std::string& more = "") {
    return with(R"("tools":[{"type":"function","function":)" + function + "}]" + more);
}

}  // namespace

TEST_CASE("function tools are read, without parameters as well", "[claude_code][unit]") {
    const ChatRequest bare = read(tools(R"({"name":"f","strict":true})", R"(,"tool_choice":"auto")"), kAll);
    CHECK(bare.tools.at(0).name == "f");
    CHECK(bare.tools.at(0).parameters == R"({"type":"object","properties":{}})");
    CHECK(bare.ignored_params.empty());
    const auto parameters = [](const std::string& json) {
        return read(tools(R"({"name":"f","description":"d","parameters":)" + json + "}"), kAll).tools.at(0).parameters;
    };
    CHECK(parameters("{}") == R"({"type":"object"})");
    CHECK(parameters("{ \"type\": \"object\",\n\"properties\":{} }") == R"({"type":"object","properties":{}})");
    CHECK(parameters(R"({"properties":{}})") == R"({"type":"object","properties":{}})");
}

TEST_CASE("bad tools are refused where they are bad", "[claude_code][unit]") {
    CHECK(refusal(tools("{}"), kAll) == "invalid_request tools[0].function.name");
    CHECK(refusal(tools(R"({"name":"a b"})"), kAll) == "invalid_request tools[0].function.name");
    CHECK(refusal(tools("{\"name\":\"" + std::string(65, 'a') + "\"}"), kAll) ==
          "invalid_request tools[0].function.name");
    CHECK(refusal(tools(R"({"name":"f","description":1})"), kAll) == "invalid_request tools[0].function.description");
    CHECK(refusal(tools(R"({"name":"f","parameters":[]})"), kAll) == "invalid_request tools[0].function.parameters");
    CHECK(refusal(tools(R"({"name":"f","parameters":{"type":"string"}})"), kAll) ==
          "invalid_request tools[0].function.parameters.type");
    CHECK(refusal(with(R"("tools":[{"type":"custom"}])"), kAll) == "unsupported_parameter tools[0].type");
    const std::string same = R"({"type":"function","function":{"name":"f"}})";
    CHECK(refusal(with("\"tools\":[" + same + "," + same + "]"), kAll) == "invalid_request tools[1].function");
}

TEST_CASE("of the choices auto and none are kept", "[claude_code][unit]") {
    CHECK(read(tools(R"({"name":"f"})", R"(,"tool_choice":"none")"), kAll).tools.empty());
    CHECK(refusal(tools(R"({"name":"f"})", R"(,"tool_choice":"required")"), kAll) ==
          "unsupported_parameter tool_choice");
    CHECK(refusal(tools(R"({"name":"f"})", R"(,"tool_choice":{"type":"function"})"), kAll) ==
          "unsupported_parameter tool_choice");
    CHECK(refusal(tools(R"({"name":"f"})", R"(,"tool_choice":"odd")"), kAll) == "invalid_request tool_choice");
}
