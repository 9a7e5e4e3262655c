#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "sqlite_stage.hpp"

using namespace sluice::store;
using namespace std::chrono_literals;

namespace {

struct Note {
    int descriptor;
    int number;

    static void write(void* ctx, const sluice_store_answer* answer) {
        const auto& self = *static_cast<const Note*>(ctx);
        if (answer->outcome != SLUICE_STORE_OK) ::_exit(2);
        if (::write(self.descriptor, &self.number, sizeof(int)) != sizeof(int)) ::_exit(3);
    }
};

constexpr int kInRound = 100'000;
constexpr int kTogether = 64;

// Stores keys that are numbers, and tells each one once it is acknowledged.
[[noreturn]] void store_until_killed(const std::filesystem::path& path, int first, int acknowledged) {
    sluice::testing::Breaches breaches;
    sluice::testing::FakeClock clock(sluice::testing::Time::kManual);
    sluice::testing::FakeLoop loop(clock, breaches);
    auto store = SqliteStore::open(path);
    if (!store) ::_exit(4);
    const auto space = (*store)->open_namespace("a");
    std::vector<Note> notes;
    notes.reserve(kInRound);
    for (int number = first; number < first + kInRound; ++number) {
        notes.push_back({acknowledged, number});
        const Asker asker(sluice::testing::FakeLoop::table(), loop.raw(), &Note::write, &notes.back());
        space->put(std::to_string(number), std::to_string(number), std::nullopt, asker);
        if (number % kTogether == 0) ::usleep(500);
        loop.run_ready();
    }
    ::_exit(0);
}

// The numbers that were acknowledged before the child was killed, after `kill_after` of them and a little more.
std::vector<int> killed_after(const std::filesystem::path& path, int first, std::size_t kill_after) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) store_until_killed(path, first, ends[1]);
    ::close(ends[1]);
    std::vector<int> numbers;
    for (int number = 0; ::read(ends[0], &number, sizeof(number)) == sizeof(number);) {
        numbers.push_back(number);
        if (numbers.size() == kill_after) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    INFO("the child's status: " << status);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    CHECK(numbers.size() >= kill_after);
    return numbers;
}

}  // namespace

TEST_CASE("what was acknowledged survives a kill at any moment", "[sqlite][unit]") {
    SqliteFileStage stage;
    std::mt19937 random(Catch::rngSeed() + 1);
    std::vector<int> acknowledged;
    for (int round = 0; round < 8; ++round) {
        const std::size_t kill_after = 1 + random() % 700;
        for (const int number : killed_after(stage.path(), round * kInRound, kill_after)) {
            acknowledged.push_back(number);
        }
        CHECK(run_sql(stage.path(), "PRAGMA integrity_check") == "ok");
        const auto store = stage.open();
        const auto space = store->open_namespace("a");
        std::vector<Expected> found(acknowledged.size());
        for (std::size_t at = 0; at < found.size(); ++at) {
            space->get(std::to_string(acknowledged[at]), stage.asker(found[at]));
            if (at % 1000 == 0) stage.wait(found[at]);
        }
        stage.wait(found);
        for (std::size_t at = 0; at < found.size(); ++at) {
            if (found[at].answer.value != std::to_string(acknowledged[at])) FAIL("lost " << acknowledged[at]);
        }
    }
}
