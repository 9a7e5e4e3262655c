#include "reload/file_watch.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include "net/workshop.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using reload::FileWatch;

namespace {

struct Stage {
    Stage() { write("first"); }
    void write(const std::string& text) const { std::ofstream(file, std::ios::trunc) << text; }
    FileWatch::Watched watched() {
        ++looks;
        looks.notify_all();
        return {is_on ? std::vector{file} : std::vector<std::filesystem::path>{}, 50ms};
    }
    void on_change() {
        const std::lock_guard lock(mutex);
        ++changes;
        changed.notify_all();
    }
    /// Until the watch knows what the file was: it has come to look again.
    void wait_for_looks() {
        for (int seen = looks; seen < 2; seen = looks) looks.wait(seen);
    }
    bool wait_for_changes(int count) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 20s, [&] { return changes >= count; });
    }

    test::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "watched";
    std::atomic<bool> is_on{true};
    std::atomic<int> looks{0};
    std::mutex mutex;
    std::condition_variable changed;
    int changes = 0;
};

}  // namespace

TEST_CASE("a file that changed and rests is noticed, written in place or replaced", "[reload][unit]") {
    Stage stage;
    FileWatch watch([&] { return stage.watched(); }, [&] { stage.on_change(); });
    stage.wait_for_looks();
    stage.write("second and longer");
    CHECK(stage.wait_for_changes(1));
    std::filesystem::path next = stage.folder.path() / "next";
    std::ofstream(next) << "third";
    std::filesystem::rename(next, stage.file);
    CHECK(stage.wait_for_changes(2));
    watch.stop();
    CHECK(stage.changes == 2);
}

TEST_CASE("watching that is switched on later begins with a look", "[reload][unit]") {
    Stage stage;
    stage.is_on = false;
    FileWatch watch([&] { return stage.watched(); }, [&] { stage.on_change(); });
    stage.wait_for_looks();
    stage.is_on = true;
    CHECK(stage.wait_for_changes(1));
}
