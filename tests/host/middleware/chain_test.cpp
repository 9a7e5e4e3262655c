#include "middleware/chain.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "scripted.hpp"
#include "workshop.hpp"

using namespace sluice;
using namespace sluice::test;
using middleware::Chain;
using middleware::ChainRun;

namespace {

/// A link that notes each of its hooks as "<name> <hook>", gives the verdicts it is told to, and counts in its slot.
struct Link final : PuppetMiddleware {
    Link(std::string own_name, std::vector<std::string>& into) : name(std::move(own_name)), notes(into) {}

    sluice_verdict on_head(void** slot, sluice_exchange*, const sluice_exchange_api&) override {
        note("head", slot);
        return head_verdict;
    }
    sluice_verdict on_request(void** slot, sluice_exchange*, const sluice_exchange_api&) override {
        note("request", slot);
        return request_verdict;
    }
    void on_response(void** slot, sluice_exchange*, const sluice_exchange_api&) override { note("response", slot); }
    sluice_chunk_verdict on_chunk(void** slot, sluice_exchange*, const sluice_exchange_api&, sluice_str event,
                                  sluice_str data, sluice_text_sink replacement) override {
        note("chunk " + copy_of(event) + ":" + copy_of(data), slot);
        if (chunk_verdict == SLUICE_CHUNK_REPLACE) {
            replacement.put(replacement.ctx, text_of(name + "("));
            replacement.put(replacement.ctx, data);
            replacement.put(replacement.ctx, text_of(")"));
        }
        return chunk_verdict;
    }
    void on_complete(void* slot, const sluice_summary& summary) override {
        notes.push_back(name + " complete " + std::to_string(summary.http_status) + " after " +
                        std::to_string(reinterpret_cast<std::uintptr_t>(slot)));
    }
    void note(const std::string& hook, void** slot) {
        notes.push_back(name + " " + hook);
        *slot = static_cast<char*>(*slot) + 1;
    }
    std::string name;
    std::vector<std::string>& notes;
    sluice_verdict head_verdict = SLUICE_CONTINUE;
    sluice_verdict request_verdict = SLUICE_CONTINUE;
    sluice_chunk_verdict chunk_verdict = SLUICE_CHUNK_PASS;
};

/// A chain of the links a, b and c.
struct Stage {
    explicit Stage(const std::string& file_of_b = "puppet.so") {
        Chain::Links instances;
        instances.push_back(workshop.middleware("a", a));
        instances.push_back(workshop.middleware("b", b, file_of_b));
        instances.push_back(workshop.middleware("c", c));
        chain = Chain(std::move(instances));
        run.reset(&chain);
    }
    ChainRun::ChunkResult chunk(std::string_view name, std::string_view data) {
        return run.run_chunk(exchange, api, name, data);
    }
    std::vector<std::string> take_notes() { return std::exchange(notes, {}); }
    void complete(int status) {
        sluice_summary summary{};
        summary.http_status = status;
        run.complete(summary);
    }
    Workshop workshop;
    std::vector<std::string> notes;
    Link a{"a", notes}, b{"b", notes}, c{"c", notes};
    Chain chain{{}};
    ChainRun run;
    sluice_exchange* exchange = nullptr;  // the links do not look at it
    sluice_exchange_api api{};
};

using Notes = std::vector<std::string>;

}  // namespace

TEST_CASE("requests pass the chain in its order, answers in reverse", "[middleware][unit]") {
    Stage stage;
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_CONTINUE);
    CHECK(stage.run.run_request(stage.exchange, stage.api) == SLUICE_CONTINUE);
    stage.run.run_response(stage.exchange, stage.api);
    CHECK(stage.take_notes() == Notes{"a head", "b head", "c head", "a request", "b request", "c request", "c response",
                                      "b response", "a response"});
    auto result = stage.chunk("name", "data");
    CHECK(result.verdict == SLUICE_CHUNK_PASS);
    CHECK(result.text == "data");
    stage.complete(200);
    CHECK(stage.take_notes() == Notes{"c chunk name:data", "b chunk name:data", "a chunk name:data",
                                      "c complete 200 after 4", "b complete 200 after 4", "a complete 200 after 4"});
}

TEST_CASE("a verdict stops the chain, and only links that were reached see the answer", "[middleware][unit]") {
    Stage stage;
    stage.b.head_verdict = GENERATE(sluice_verdict{SLUICE_REPLY}, sluice_verdict{SLUICE_REFUSE});
    CHECK(stage.run.run_head(stage.exchange, stage.api) == stage.b.head_verdict);
    CHECK(stage.run.last_link() == "b");
    stage.run.run_response(stage.exchange, stage.api);
    stage.chunk("", "x");
    stage.complete(403);
    CHECK(stage.take_notes() == Notes{"a head", "b head", "b response", "a response", "b chunk :x", "a chunk :x",
                                      "b complete 403 after 3", "a complete 403 after 3"});
}

TEST_CASE("a link in quarantine is not entered, and nothing goes on without it", "[middleware][unit]") {
    Stage stage;
    plugin::Conduct& conduct = stage.chain.at(1).conduct();
    while (!conduct.is_quarantined()) conduct.misbehaved(observability::Misbehaviour::kException);
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_REFUSE);
    CHECK(stage.run.turned_away() == &conduct);
    stage.run.run_response(stage.exchange, stage.api);
    stage.complete(503);
    CHECK(stage.take_notes() == Notes{"a head", "a response", "a complete 503 after 2"});
}

TEST_CASE("a link that gives an unknown error status refuses, and is blamed for it once", "[middleware][unit]") {
    Stage stage;
    stage.b.head_verdict = -77;
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_REFUSE);
    CHECK(stage.run.turned_away() == nullptr);
    stage.run.blame_last(observability::Misbehaviour::kNoAnswer);
    const observability::PluginMetrics& counts = stage.chain.at(1).conduct().counts();
    CHECK(counts.failures(observability::Misbehaviour::kException) == 1);
    CHECK(counts.failures(observability::Misbehaviour::kNoAnswer) == 0);
}

TEST_CASE("a refusal in on_request still completes every link that saw the head", "[middleware][unit]") {
    Stage stage;
    stage.a.request_verdict = SLUICE_REFUSE;
    stage.run.run_head(stage.exchange, stage.api);
    CHECK(stage.run.run_request(stage.exchange, stage.api) == SLUICE_REFUSE);
    CHECK(stage.run.last_link() == "a");
    stage.complete(429);
    CHECK(stage.take_notes() == Notes{"a head", "b head", "c head", "a request", "c complete 429 after 1",
                                      "b complete 429 after 1", "a complete 429 after 2"});
}

TEST_CASE("after PENDING the chain goes on behind the link that was pending", "[middleware][unit]") {
    Stage stage;
    stage.a.head_verdict = stage.c.head_verdict = SLUICE_PENDING;
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_PENDING);
    CHECK(stage.run.last_link() == "a");
    CHECK(stage.take_notes() == Notes{"a head"});
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_PENDING);
    CHECK(stage.take_notes() == Notes{"b head", "c head"});
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_CONTINUE);
    CHECK(stage.take_notes().empty());
}

TEST_CASE("verdicts this host does not know continue, those below zero refuse", "[middleware][unit]") {
    Stage stage;
    stage.a.head_verdict = 17;
    stage.b.head_verdict = SLUICE_E_INTERNAL;
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_REFUSE);
    CHECK(stage.take_notes() == Notes{"a head", "b head"});
}

TEST_CASE("replacements go on to the links before", "[middleware][unit]") {
    Stage stage;
    stage.run.run_head(stage.exchange, stage.api);
    stage.a.chunk_verdict = stage.b.chunk_verdict = stage.c.chunk_verdict = SLUICE_CHUNK_REPLACE;
    for (int i = 0; i < 3; ++i) {
        auto result = stage.chunk("e", "x");
        CHECK(result.verdict == SLUICE_CHUNK_REPLACE);
        CHECK(result.text == "a(b(c(x)))");
    }
    stage.a.chunk_verdict = SLUICE_CHUNK_PASS;
    CHECK(stage.chunk("e", "x").verdict == SLUICE_CHUNK_REPLACE);
    CHECK(stage.chunk("e", "y").text == "b(c(y))");
}

TEST_CASE("dropping, ending and failing stop a chunk where they are", "[middleware][unit]") {
    Stage stage;
    stage.run.run_head(stage.exchange, stage.api);
    stage.take_notes();
    auto [given, expected] = GENERATE(table<sluice_chunk_verdict, sluice_chunk_verdict>({
        {SLUICE_CHUNK_DROP, SLUICE_CHUNK_DROP},
        {SLUICE_CHUNK_END, SLUICE_CHUNK_END},
        {SLUICE_CHUNK_FAIL, SLUICE_CHUNK_FAIL},
        {SLUICE_E_INTERNAL, SLUICE_CHUNK_FAIL},
    }));
    stage.b.chunk_verdict = given;
    CHECK(stage.chunk("", "x").verdict == expected);
    CHECK(stage.take_notes() == Notes{"c chunk :x", "b chunk :x"});
    if (expected == SLUICE_CHUNK_FAIL) CHECK(stage.run.last_link() == "b");
}

TEST_CASE("a chunk verdict this host does not know passes the chunk", "[middleware][unit]") {
    Stage stage;
    stage.run.run_head(stage.exchange, stage.api);
    stage.b.chunk_verdict = 17;
    CHECK(stage.chunk("", "x").verdict == SLUICE_CHUNK_PASS);
    CHECK(stage.chunk("", "x").text == "x");
}

TEST_CASE("a link without on_head is passed over and has its other hooks", "[middleware][unit]") {
    Stage stage("puppet_without_head.so");
    CHECK(stage.run.run_head(stage.exchange, stage.api) == SLUICE_CONTINUE);
    CHECK(stage.run.run_request(stage.exchange, stage.api) == SLUICE_CONTINUE);
    CHECK(stage.take_notes() == Notes{"a head", "c head", "a request", "b request", "c request"});
    stage.complete(200);
    CHECK(stage.take_notes().at(1) == "b complete 200 after 1");
}

TEST_CASE("a run completes once and can be used again with fresh slots", "[middleware][unit]") {
    Stage stage;
    stage.run.run_head(stage.exchange, stage.api);
    stage.complete(200);
    stage.take_notes();
    stage.complete(200);
    CHECK(stage.take_notes().empty());
    CHECK(stage.run.is_empty());
    stage.run.reset(&stage.chain);
    stage.run.run_head(stage.exchange, stage.api);
    stage.take_notes();
    stage.complete(200);
    CHECK(stage.take_notes() == Notes{"c complete 200 after 1", "b complete 200 after 1", "a complete 200 after 1"});
}

namespace {

/// "name head/request/answer", joined with blanks.
std::string verdicts_of(const ChainRun& run) {
    std::string text;
    for (const observability::VerdictRecord& verdict : run.verdicts()) {
        text += (text.empty() ? "" : " ") + std::string(verdict.name);
        for (auto said : {verdict.head, verdict.request, verdict.answer}) {
            text += "/" + std::string(observability::hook_verdict_word(said));
        }
    }
    return text;
}

}  // namespace

TEST_CASE("what the links said is on record as far as the chain was run", "[middleware][unit]") {
    Stage stage;
    CHECK(verdicts_of(stage.run).empty());
    stage.b.head_verdict = SLUICE_REPLY;
    stage.run.run_head(stage.exchange, stage.api);
    CHECK(verdicts_of(stage.run) == "a/continue// b/reply//");
    stage.b.head_verdict = SLUICE_CONTINUE;
    stage.b.request_verdict = SLUICE_E_INTERNAL;
    stage.run.reset(&stage.chain);
    stage.run.run_head(stage.exchange, stage.api);
    stage.run.run_request(stage.exchange, stage.api);
    CHECK(verdicts_of(stage.run) == "a/continue/continue/ b/continue/refuse/ c/continue//");
}

TEST_CASE("a link that was pending is on record with what it resumed with and its wait", "[middleware][unit]") {
    Stage stage;
    stage.a.head_verdict = stage.a.request_verdict = SLUICE_PENDING;
    stage.run.run_head(stage.exchange, stage.api);
    CHECK(verdicts_of(stage.run) == "a/pending//");
    stage.run.resumed(17, true, std::chrono::milliseconds(5));
    stage.run.run_head(stage.exchange, stage.api);
    stage.run.run_request(stage.exchange, stage.api);
    stage.run.resumed(SLUICE_REFUSE, false, std::chrono::milliseconds(7));
    CHECK(verdicts_of(stage.run) == "a/continue/refuse/ b/continue// c/continue//");
    CHECK(stage.run.verdicts()[0].waited == std::chrono::milliseconds(12));
}

TEST_CASE("a link in quarantine, and one that ends an answer, are on record", "[middleware][unit]") {
    Stage stage;
    stage.run.run_head(stage.exchange, stage.api);
    const bool is_end = GENERATE(true, false);
    stage.b.chunk_verdict = is_end ? SLUICE_CHUNK_END : SLUICE_CHUNK_FAIL;
    stage.chunk("", "x");
    CHECK(verdicts_of(stage.run) ==
          std::string("a/continue// b/continue//") + (is_end ? "end" : "fail") + " c/continue//");
    plugin::Conduct& conduct = stage.chain.at(1).conduct();
    while (!conduct.is_quarantined()) conduct.misbehaved(observability::Misbehaviour::kException);
    stage.run.reset(&stage.chain);
    stage.run.run_head(stage.exchange, stage.api);
    CHECK(verdicts_of(stage.run) == "a/continue// b/quarantined//");
}

TEST_CASE("without a chain, or with an empty one, nothing happens", "[middleware][unit]") {
    Chain empty({});
    ChainRun run;
    bool is_without = GENERATE(true, false);
    run.reset(is_without ? nullptr : &empty);
    sluice_exchange_api api{};
    CHECK(run.is_empty());
    CHECK(run.run_head(nullptr, api) == SLUICE_CONTINUE);
    CHECK(run.run_request(nullptr, api) == SLUICE_CONTINUE);
    CHECK_FALSE(run.wants_chunks());
    run.run_response(nullptr, api);
    run.complete({});
    CHECK(run.last_link().empty());
}
