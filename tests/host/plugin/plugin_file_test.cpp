#include "plugin/plugin_file.hpp"

#include "plugin_image.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace sluice::plugin;

namespace {

// The refusal without the path it begins with.
std::string refusal(const std::filesystem::path& path) {
    const auto file = open_plugin_file(path);
    if (file) {
        return "taken";
    }
    const std::string prefix = path.string() + ": ";
    REQUIRE(file.error().starts_with(prefix));
    return file.error().substr(prefix.size());
}

}  // namespace

TEST_CASE("a file that only its owner may change is opened with its size", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("fixture"));
    const auto file = open_plugin_file(path);
    REQUIRE(file.has_value());
    CHECK(file->size_bytes == std::filesystem::file_size(path));
}

TEST_CASE("a file that is not there is refused with the system's reason", "[plugin][unit]") {
    const TemporaryFolder folder;
    CHECK(refusal(folder.path() / "none.so") == "cannot be opened: No such file or directory");
    CHECK(refusal(folder.path() / "no" / "none.so") == "its folder cannot be opened: No such file or directory");
}

TEST_CASE("a symbolic link is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto target = folder.take(fixture("fixture"));
    std::filesystem::create_symlink(target, folder.path() / "link.so");
    CHECK(refusal(folder.path() / "link.so") == "is a symbolic link, expected the file itself");
}

TEST_CASE("what is no regular file is refused without waiting for it", "[plugin][unit]") {
    const TemporaryFolder folder;
    REQUIRE(mkfifo((folder.path() / "pipe.so").c_str(), 0600) == 0);
    std::filesystem::create_directory(folder.path() / "folder.so");
    CHECK(refusal(folder.path() / "pipe.so") == "is a pipe, expected a regular file");
    CHECK(refusal(folder.path() / "folder.so") == "is a folder, expected a regular file");
}

TEST_CASE("a file that others may change is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("fixture"));
    chmod(path.c_str(), 0664);
    CHECK(refusal(path) == "the file has mode 0664: writable for its group, expected only its owner may write");
    chmod(path.c_str(), 0646);
    CHECK(refusal(path) == "the file has mode 0646: writable for everyone, expected only its owner may write");
}

TEST_CASE("a file in a folder that others may change is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("fixture"));
    chmod(folder.path().c_str(), 0777);
    CHECK(refusal(path) == "its folder has mode 0777: writable for everyone, expected only its owner may write");
    chmod(folder.path().c_str(), 0770);
    CHECK(refusal(path) == "its folder has mode 0770: writable for its group, expected only its owner may write");
}

TEST_CASE("a file of another user is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.take(fixture("fixture"));
    if (chown(path.c_str(), 12345, 12345) != 0) {
        WARN("only root can give files away");
        return;
    }
    CHECK(refusal(path) == "the file belongs to user 12345, expected root or user " + std::to_string(geteuid()));
}

TEST_CASE("a file larger than any plugin is refused", "[plugin][unit]") {
    const TemporaryFolder folder;
    const auto path = folder.write("large.so", {});
    std::filesystem::resize_file(path, kMaxPluginBytes + 1);
    CHECK(refusal(path) == "has 536870913 bytes, expected at most 536870912");
}
