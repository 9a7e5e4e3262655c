#include "sluice/cpp/chat.hpp"
#include "sluice/testing/loaded_backend.hpp"
#include "test_tables.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using sluice::Completion;
using sluice::CompletionStream;
using sluice::Request;
using sluice::testing::FakeCall;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

namespace {

// Does what the model's name says.
class Scripted : public sluice::CompletionBackend {
public:
    void complete(const Request& request, Completion& completion) override {
        fail_if_asked(request);
        completion.write_reasoning(request.model() == "thinker" ? "hm" : "");
        completion.write("a \"quoted\" ");
        completion.write("answer");
        if (request.model() == "counter") {
            completion.set_usage(sluice::Usage{10, 4, 3, false});
            completion.set_finish_reason("length");
        }
    }
    void complete_stream(const Request& request, CompletionStream& stream) override {
        fail_if_asked(request);
        if (request.model() == "thinker") {
            stream.write_reasoning("hm");
        }
        if (request.model() == "cutter") {
            stream.write("\xE2\x82");
            stream.write("\xAC!\xF0\x9F");
            return;
        }
        is_going_on = stream.write("one") && stream.write("two");
        if (request.model() == "late error") {
            throw sluice::Error("upstream_error", "broke down");
        }
        if (request.model() == "counter") {
            stream.set_usage(sluice::Usage{10, 4, 3, false});
            stream.set_finish_reason("length");
        }
    }

    static inline bool is_going_on = false;

private:
    static void fail_if_asked(const Request& request) {
        if (request.model() == "error") {
            throw sluice::Error("model_not_found", "no such model").with_param("model");
        }
        if (request.model() == "crash") {
            throw std::runtime_error("secret of the house");
        }
        if (request.model() == "int") {
            throw 5;
        }
    }
};

class PlainOnly : public sluice::CompletionBackend {
public:
    void complete(const Request&, Completion& completion) override {
        completion.write("whole");
        completion.set_usage(sluice::Usage{1, 2, 0, true});
    }
    void models(sluice::ModelList& list) override {
        list.add("plain", "house", 7);
        list.add("other");
    }
    void health(sluice::HealthReport& report) override {
        report.add_check("disk", "\"full\"");
        report.degraded("disk");
    }
};

class BadHealth : public sluice::CompletionBackend {
public:
    void complete(const Request&, Completion&) override {}
    void models(sluice::ModelList&) override { throw sluice::Error("upstream_error", "no list"); }
    void health(sluice::HealthReport&) override { throw std::runtime_error("no idea"); }
};

std::string id_of(const std::string& json) { return json.substr(json.find("\"id\":\"") + 6, 41); }

std::string without_head(const FakeCall& call, std::size_t number) {
    const std::string& data = call.events().at(number).data;
    return data.substr(data.find(",\"choices\""));
}

FakeRequest asking(const std::string& model, bool is_stream = false) {
    return FakeRequest::chat(model, "hello", is_stream);
}

}  // namespace

TEST_CASE("a whole completion has the shape of OpenAI's", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    const auto call = backend.answer(asking("counter"));

    REQUIRE(call->is_finished());
    CHECK(call->head()->content_type == "application/json");
    CHECK(call->head()->content_length == call->body().size());
    CHECK(call->body() ==
          "{\"id\":\"" + id_of(call->body()) +
              R"(","object":"chat.completion","created":1700000000,"model":"counter","choices":[{"index":0,)"
              R"("message":{"role":"assistant","content":"a \"quoted\" answer","refusal":null},"logprobs":null,)"
              R"("finish_reason":"length"}],"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,)"
              R"("prompt_tokens_details":{"cached_tokens":3}}})");
    CHECK(call->usage()->cached_tokens == 3);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a stream begins with the role, ends with the reason and then the usage", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    const auto call = backend.answer(asking("counter", true).set_wants_usage(true));

    REQUIRE(call->is_finished());
    REQUIRE(call->events().size() == 5);
    CHECK(without_head(*call, 0) ==
          R"(,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null})");
    CHECK(without_head(*call, 1) ==
          R"(,"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}],"usage":null})");
    CHECK(without_head(*call, 3) == R"(,"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":null})");
    CHECK(without_head(*call, 4) == R"(,"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4,)"
                                    R"("total_tokens":14,"prompt_tokens_details":{"cached_tokens":3}}})");
    for (const auto& event : call->events()) {
        CHECK(event.name.empty());
        CHECK(id_of(event.data) == id_of(call->events()[0].data));
        CHECK(event.data.find("\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"counter\"") !=
              std::string::npos);
    }
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a stream has no usage chunk that was not asked for or is not known", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    const auto unasked = backend.answer(asking("counter", true));
    CHECK(unasked->events().size() == 4);
    CHECK(unasked->events().back().data.find("usage") == std::string::npos);
    CHECK(unasked->usage()->prompt_tokens == 10);
    const auto unknown = backend.answer(asking("any", true).set_wants_usage(true));
    CHECK(unknown->events().size() == 4);
}

TEST_CASE("thinking goes out as reasoning content, whole and streamed", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    CHECK(backend.answer(asking("thinker"))->body().find(R"("refusal":null,"reasoning_content":"hm"})") !=
          std::string::npos);
    const auto call = backend.answer(asking("thinker", true));
    CHECK(without_head(*call, 1) ==
          R"(,"choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]})");
}

TEST_CASE("a character that is cut between two pieces is sent as a whole", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    const auto call = backend.answer(asking("cutter", true));
    REQUIRE(call->events().size() == 4);
    CHECK(call->events()[1].data.find("\"content\":\"\xE2\x82\xAC!\"") != std::string::npos);
    CHECK(call->events()[2].data.find("\"content\":\"\xEF\xBF\xBD\"") != std::string::npos);
}

TEST_CASE("an exception before the first text is an error answer, streamed or not", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    for (const bool is_stream : {false, true}) {
        const auto call = backend.answer(asking("error", is_stream));
        REQUIRE(call->error());
        CHECK_FALSE(call->head());
        CHECK(call->error()->code == "model_not_found");
        CHECK(call->error()->param == "model");
    }
    CHECK(host.breaches().text() == "");
}

TEST_CASE("an unexpected exception is logged, and its text kept from the client", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    const auto call = backend.answer(asking("crash"));
    CHECK(call->error()->code == "internal_error");
    CHECK(call->error()->message.find("secret") == std::string::npos);
    CHECK(host.log().has(SLUICE_LOG_ERROR, "secret of the house"));
    CHECK(backend.answer(asking("int", true))->error()->code == "internal_error");
}

TEST_CASE("an exception after the first text fails the stream without an end that looks complete", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    const auto call = backend.answer(asking("late error", true));
    CHECK(call->error()->code == "upstream_error");
    CHECK(call->events().size() == 3);
    CHECK(call->events().back().data.find("\"finish_reason\":null") != std::string::npos);
}

TEST_CASE("a stream tells its backend that the client has left", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    FakeCall call(host, asking("any", true));
    call.cancel_at_write(2);
    backend.start(call);
    CHECK_FALSE(Scripted::is_going_on);
    CHECK(call.error()->code == "cancelled");
    CHECK(call.events().size() == 1);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a slow client makes a synchronous stream wait, not fail", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    FakeCall call(host, asking("any", true));
    call.set_queue_mark(150);
    backend.start(call);
    CHECK(call.is_finished());
    CHECK(call.waits() > 0);
    CHECK(Scripted::is_going_on);
}

TEST_CASE("more than one choice is refused by name", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<Scripted>());
    const auto call = backend.answer(asking("any").set_choice_count(3));
    CHECK(call->error()->code == "unsupported_parameter");
    CHECK(call->error()->param == "n");
    CHECK(call->error()->message.find("found 3") != std::string::npos);
}

TEST_CASE("ids of completions do not repeat", "[sdk][unit]") {
    sluice::ChatIds ids(1);
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = ids.next();
        CHECK(id.size() == 41);
        CHECK(id.rfind("chatcmpl-", 0) == 0);
        seen.insert(id);
    }
    CHECK(seen.size() == 1000);
    CHECK(sluice::ChatIds(2).next() != sluice::ChatIds(3).next());
}

TEST_CASE("without a complete_stream a stream carries what complete says", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<PlainOnly>());
    const auto call = backend.answer(asking("plain", true));
    REQUIRE(call->events().size() == 3);
    CHECK(call->events()[1].data.find("\"content\":\"whole\"") != std::string::npos);
    CHECK(call->usage()->completion_tokens == 2);
    CHECK(call->usage()->is_estimated);
}

TEST_CASE("models and health are answered, and absent where they are not overridden", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend plain(host, backend_table_of<PlainOnly>());
    const auto models = plain.models();
    REQUIRE(models->list().size() == 2);
    CHECK(models->list()[0].owned_by == "house");
    CHECK(models->list()[0].created_unix_s == 7);
    const auto health = plain.health();
    CHECK(health->state() == SLUICE_HEALTH_DEGRADED);
    CHECK(health->word() == "disk");
    CHECK(health->checks().at(0).second == "\"full\"");

    CHECK(backend_table_of<Scripted>().models == nullptr);
    CHECK(backend_table_of<Scripted>().health == nullptr);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("models and health that throw are answered as failed", "[sdk][unit]") {
    FakeHost host;
    LoadedBackend backend(host, backend_table_of<BadHealth>());
    CHECK(backend.models()->error()->code == "upstream_error");
    CHECK(backend.health()->state() == SLUICE_HEALTH_DOWN);
    CHECK(host.log().has(SLUICE_LOG_ERROR, "no idea"));
}
