#include "plugin/private_copy.hpp"

#include "plugin_image.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sluice::plugin;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

// The number of a process that has been and is no more.
pid_t dead_process() {
    const pid_t process = fork();
    if (process == 0) {
        _exit(0);
    }
    REQUIRE(waitpid(process, nullptr, 0) == process);
    return process;
}

std::set<std::string> names_in(const std::filesystem::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        names.insert(entry.path().filename().string());
    }
    return names;
}

}  // namespace

TEST_CASE("a copy has its own name, the rights to read and run, and the file's hash", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto file = open_plugin_file(folder.take(fixture("fixture")));
    REQUIRE(file.has_value());
    const auto copies = PrivateCopies::open(folder.path() / "state");
    REQUIRE(copies.has_value());
    CHECK(mode_of(copies->folder()) == 0700);
    const auto first = copies->make(file.value());
    const auto second = copies->make(file.value());
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    const PrivateCopy& copy = **first;
    CHECK(copy.path() != (*second)->path());
    CHECK(copy.path().is_absolute());
    CHECK(copy.path().filename().string().starts_with("fixture." + copy.sha256().substr(0, 12) + "." +
                                                      std::to_string(getpid()) + "."));
    CHECK(mode_of(copy.path()) == 0500);
    CHECK(copy.manifest().name == "fixture");
    CHECK(PluginImage(copy.path()).bytes() == PluginImage(fixture("fixture")).bytes());
    CHECK(names_in(copies->folder()).size() == 2);  // nothing unfinished is left
}

TEST_CASE("the hash is SHA-256", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("fixture"));
    const auto copies = PrivateCopies::open(folder.path());
    const auto copy = copies->make(open_plugin_file(path).value());
    REQUIRE(copy.has_value());
    FILE* const tool = popen(("sha256sum " + path.string()).c_str(), "r");
    char digest[65]{};
    REQUIRE(tool != nullptr);
    CHECK(fread(digest, 1, 64, tool) == 64);
    pclose(tool);
    CHECK((*copy)->sha256() == digest);
}

TEST_CASE("a copy goes with its owner unless it is to be kept", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto file = open_plugin_file(folder.take(fixture("fixture")));
    const auto copies = PrivateCopies::open(folder.path());
    copies->make(file.value()).value().reset();
    CHECK(names_in(copies->folder()).empty());
    {
        const auto kept = copies->make(file.value());
        (*kept)->keep();
    }
    CHECK(names_in(copies->folder()).size() == 1);
}

TEST_CASE("what is copied is what is inspected", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("fixture"));
    const auto file = open_plugin_file(path);
    PluginImage image(path);
    image.manifest().abi_major = 2;
    folder.write("fixture.so", image.bytes());  // into the very file that is open
    const auto copies = PrivateCopies::open(folder.path());
    CHECK(copies->make(file.value()).error() == "built for ABI 2.0, this host offers 1.0");
    CHECK(names_in(copies->folder()).empty());
}

TEST_CASE("a file that shrinks or grows before it is copied is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("fixture"));
    const auto file = open_plugin_file(path);
    const auto copies = PrivateCopies::open(folder.path());
    std::filesystem::resize_file(path, file->size_bytes + 1);
    CHECK(copies->make(file.value()).error() == "changed its size while it was copied");
    std::filesystem::resize_file(path, 1000);
    CHECK(copies->make(file.value()).error() == "became shorter while it was copied");
    CHECK(names_in(copies->folder()).empty());
}

TEST_CASE("copies of processes that are no more are removed at the start, others are not", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto file = open_plugin_file(folder.take(fixture("fixture")));
    const auto copies = PrivateCopies::open(folder.path());
    const auto mine = copies->make(file.value());
    const TemporaryFolder& state = folder;
    const auto touch = [&](const std::string& name) { state.write("plugins/" + name, {}); };
    const std::string dead = std::to_string(dead_process());
    const std::string alive = std::to_string(getppid());
    const std::string hash = "0123456789ab";
    touch("echo." + hash + "." + dead + ".1.so");
    touch(dead + ".2.partial");
    touch("echo." + hash + "." + std::to_string(getpid()) + ".999999.so");  // of an earlier process of this number
    touch("echo." + hash + "." + alive + ".1.so");
    touch("notes.txt");
    REQUIRE(PrivateCopies::open(folder.path()).has_value());
    CHECK(names_in(copies->folder()) == std::set<std::string>{"echo." + hash + "." + alive + ".1.so", "notes.txt",
                                                              (*mine)->path().filename().string()});
}

TEST_CASE("a folder that others have rights to is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto plugins = folder.path() / "plugins";
    std::filesystem::create_directory(plugins);
    chmod(plugins.c_str(), 0755);
    const auto copies = PrivateCopies::open(folder.path());
    REQUIRE_FALSE(copies.has_value());
    CHECK(copies.error().starts_with(plugins.string() + ": has mode 40755 and belongs to user "));
}

TEST_CASE("a state folder that cannot be made is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    folder.write("file", {});
    const auto copies = PrivateCopies::open(folder.path() / "file" / "state");
    REQUIRE_FALSE(copies.has_value());
    CHECK(copies.error().find("cannot be made: ") != std::string::npos);
}
