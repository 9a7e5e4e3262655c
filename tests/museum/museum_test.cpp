// Plugins of every released SDK, loaded by the host's own code of today and used: see CMakeLists.txt for what they are.
#include "observability/captured_log.hpp"
#include "plugin/plugin_library.hpp"
#include "plugin/temporary_folder.hpp"
#include "sluice/testing/loaded_backend.hpp"
#include "sluice/testing/loaded_middleware.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace sluice::plugin;
using sluice::ChunkVerdict;
using sluice::Verdict;
using sluice::testing::FakeExchange;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;
using sluice::testing::LoadedMiddleware;

namespace {

struct Exhibit {
    const char* file;
    const char* maker;
};

const Exhibit kExhibits[] = {MUSEUM_EXHIBITS};

// An exhibit as the gateway loads it. ends() gives up the library and says what became of its code.
class Showcase {
public:
    explicit Showcase(const Exhibit& exhibit) {
        auto library = PluginLibrary::load(folder_.take(exhibit.file), copies_, options_noting());
        INFO((library ? "" : library.error()));
        REQUIRE(library);
        library_ = std::move(library).value();
        path_ = library_->loaded_path();
    }
    LoadOptions options_noting() {
        LoadOptions options;
        options.on_unload = [this](const UnloadReport& report) { reports_.push_back(report); };
        return options;
    }
    const PluginLibrary& library() const { return *library_; }
    UnloadOutcome end() {
        library_.reset();
        REQUIRE(reports_.size() == 1);
        CHECK(is_code_mapped(path_) == (reports_[0].outcome == UnloadOutcome::kResident));
        return reports_[0].outcome;
    }

private:
    TemporaryFolder folder_;
    PrivateCopies copies_ = PrivateCopies::open(folder_.path() / "state").value();
    std::vector<UnloadReport> reports_;
    std::shared_ptr<const PluginLibrary> library_;
    std::filesystem::path path_;
};

FakeRequest asking(const std::string& model, bool is_stream = false) {
    return FakeRequest::chat(model, "hello", is_stream);
}

void use_backend(const Exhibit& exhibit, const sluice_backend_api& table) {
    FakeHost host;
    LoadedBackend backend(host, table);
    const auto plain = backend.answer(asking("exhibit"));
    REQUIRE(plain->is_finished());
    CHECK(plain->body().find(std::string("made by ") + exhibit.maker) != std::string::npos);
    REQUIRE(plain->usage());
    CHECK(plain->usage()->prompt_tokens == 3);

    const auto streamed = backend.answer(asking("exhibit", true));
    REQUIRE(streamed->is_finished());
    CHECK(streamed->events().size() >= 2);

    const auto refused = backend.answer(asking("refuse"));
    REQUIRE(refused->error());
    CHECK(refused->error()->code == "unsupported_parameter");
    CHECK(refused->error()->param == "model");

    CHECK(backend.models()->ids() == std::vector<std::string>{"exhibit"});
    CHECK(host.breaches().text() == "");
}

// What an author's code throws, or what it panics with, stays in the plugin.
void provoke_backend(const Exhibit& exhibit, const sluice_backend_api& table) {
    FakeHost host;
    LoadedBackend backend(host, table);
    const auto thrown = backend.answer(asking("throw"));
    REQUIRE(thrown->error());
    CHECK(thrown->error()->code == "internal_error");
    CHECK(thrown->error()->message.find("exhibit") == std::string::npos);

    const auto broken = backend.answer(asking("break", true));
    REQUIRE(broken->error());
    CHECK(broken->error()->code == "internal_error");
    CHECK(broken->events().size() >= 1);
    if (exhibit.maker != std::string("c")) {
        CHECK(host.log().has(SLUICE_LOG_ERROR, "thrown by an exhibit"));
        CHECK(host.log().has(SLUICE_LOG_ERROR, "thrown in the middle"));
    }
    CHECK(backend.answer(asking("exhibit"))->is_finished());
}

void use_middleware(const Exhibit& exhibit, const sluice_middleware_api& table) {
    FakeHost host;
    LoadedMiddleware guard(host, table);
    FakeExchange visitor(host, asking("exhibit").set_header("x-ticket", "1"));
    CHECK(guard.on_head(visitor) == Verdict::kContinue);
    CHECK(visitor.request_header("X-Seen-By") == exhibit.maker);
    visitor.set_response(200, "text/event-stream", true);
    guard.on_response(visitor);
    CHECK(guard.on_chunk(visitor, "plain").verdict == ChunkVerdict::kPass);
    CHECK(guard.on_chunk(visitor, "secret").verdict == ChunkVerdict::kDrop);
    const auto replaced = guard.on_chunk(visitor, "old");
    CHECK(replaced.verdict == ChunkVerdict::kReplace);
    CHECK(replaced.replacement == "new");
    guard.on_complete(visitor);
    CHECK(host.log().has(SLUICE_LOG_INFO, "chunks: 3"));

    FakeExchange stranger(host, asking("exhibit"));
    CHECK(guard.on_head(stranger) == Verdict::kRefuse);
    REQUIRE(stranger.error());
    CHECK(stranger.error()->code == "invalid_header_value");
    guard.on_complete(stranger);
    CHECK(host.breaches().text() == "");
}

}  // namespace

TEST_CASE("a plugin of every released SDK answers in the host of today and is unloaded", "[museum]") {
    const Exhibit& exhibit = kExhibits[GENERATE(range(std::size_t{0}, std::size(kExhibits)))];
    CAPTURE(exhibit.file);
    const CapturedLog log;
    Showcase showcase(exhibit);
    REQUIRE(showcase.library().backend() != nullptr);
    use_backend(exhibit, *showcase.library().backend());
    provoke_backend(exhibit, *showcase.library().backend());
    CHECK(showcase.end() == UnloadOutcome::kClosed);
}

TEST_CASE("middleware of every released SDK judges in the host of today and is unloaded", "[museum]") {
    const Exhibit& exhibit = kExhibits[GENERATE(range(std::size_t{0}, std::size(kExhibits)))];
    CAPTURE(exhibit.file);
    const CapturedLog log;
    Showcase showcase(exhibit);
    REQUIRE(showcase.library().middleware() != nullptr);
    use_middleware(exhibit, *showcase.library().middleware());
    CHECK(showcase.end() == UnloadOutcome::kClosed);
}
