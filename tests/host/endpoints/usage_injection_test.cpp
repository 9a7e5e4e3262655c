#include "endpoints/usage_injection.hpp"

#include <catch2/catch.hpp>
#include <string>

using sluice::endpoints::with_usage_asked_for;

namespace {

struct Case {
    std::string body;
    std::string expected;
};

}  // namespace

TEST_CASE("a body without stream_options gets them in front", "[endpoints][unit]") {
    auto [body, expected] = GENERATE(values<Case>({
        {R"({"stream":true})", R"({"stream_options":{"include_usage":true},"stream":true})"},
        {" \n{ \"a\" : 1 }", " \n{\"stream_options\":{\"include_usage\":true}, \"a\" : 1 }"},
        {R"({"x":{"stream_options":null}})",
         R"({"stream_options":{"include_usage":true},"x":{"stream_options":null}})"},
        {"{}", R"({"stream_options":{"include_usage":true}})"},
    }));
    CHECK(with_usage_asked_for(body, false) == expected);
}

TEST_CASE("stream_options that are there are changed in place, and nothing else", "[endpoints][unit]") {
    auto [body, expected] = GENERATE(values<Case>({
        {R"({"stream_options":null,"n":1})", R"({"stream_options":{"include_usage":true},"n":1})"},
        {R"({"a":[1,{"stream_options":{}}],"stream_options":{}})",
         R"({"a":[1,{"stream_options":{}}],"stream_options":{"include_usage":true}})"},
        {R"({"a":"}\\\"{","stream_options" : { "include_usage" : false , "b":[] } })",
         R"({"a":"}\\\"{","stream_options" : { "include_usage" : true , "b":[] } })"},
        {R"({"stream_options":{"include_obfuscation":false},"n":-1.5e3})",
         R"({"stream_options":{"include_usage":true,"include_obfuscation":false},"n":-1.5e3})"},
        {R"({"n":12345678901234567890123,"stream_options":{"include_usage":null}})",
         R"({"n":12345678901234567890123,"stream_options":{"include_usage":true}})"},
    }));
    CHECK(with_usage_asked_for(body, true) == expected);
}

TEST_CASE("a member that is written with escapes or twice is left alone", "[endpoints][unit]") {
    CHECK(with_usage_asked_for(R"({"stream_options":{"include_usage":false,"include_usage":false}})", true).empty());
    CHECK(with_usage_asked_for(R"({"stream\u005foptions":{}})", true).empty());
    CHECK(with_usage_asked_for(R"({"stream_options":{"include\u005fusage":false}})", true).empty());
}
