#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "keys/hash_key_file.hpp"
#include "sluice/testing/fake_host.hpp"

namespace {

// What the file system of the tests below can do and was asked for.
bool can_link = true;
std::vector<std::string> synced;

}  // namespace

// In place of the C library's.
extern "C" int link(const char* from, const char* to) noexcept {
    if (can_link) return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
    errno = EPERM;
    return -1;
}

extern "C" int fsync(int descriptor) {
    synced.push_back(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor)).string());
    return static_cast<int>(syscall(SYS_fsync, descriptor));
}

namespace sluice::auth {

TEST_CASE("an instance that is only tried uses the folder's hash key, but makes none", "[auth][unit]") {
    testing::FakeHost host;
    const std::string folder = host.folder().path();
    CHECK(hash_key_for_now(folder) != hash_key_for_now(folder));
    CHECK(std::filesystem::is_empty(folder));
    const std::string kept = hash_key_of_folder(folder);
    CHECK(hash_key_for_now(folder) == kept);
}

TEST_CASE("the hash key of the folder is made once, and for its owner alone", "[auth][unit]") {
    testing::FakeHost host;
    const std::string folder = host.folder().path();
    const std::string key = hash_key_of_folder(folder);
    CHECK(key.size() == 64);
    CHECK(hash_key_of_folder(folder) == key);
    struct stat status {};
    REQUIRE(::stat((folder + "/hash_key").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(::truncate((folder + "/hash_key").c_str(), 10) == 0);
    CHECK_THROWS_WITH(hash_key_of_folder(folder), Catch::Contains("expected 64 hexadecimal digits"));
}

TEST_CASE("the name of a new hash key is on the disk before it is used", "[auth][unit]") {
    testing::FakeHost host;
    const std::string folder = host.folder().path();
    synced.clear();
    hash_key_of_folder(folder);
    REQUIRE(synced.size() == 2);
    CHECK_THAT(synced[0], Catch::StartsWith(folder + "/hash_key."));
    CHECK(synced[1] == folder);
}

TEST_CASE("a hash key is also made where there are no hard links", "[auth][unit]") {
    testing::FakeHost host;
    const std::string folder = host.folder().path();
    can_link = false;
    std::string key;
    CHECK_NOTHROW(key = hash_key_of_folder(folder));
    can_link = true;
    CHECK(hash_key_of_folder(folder) == key);
    const auto files = std::filesystem::directory_iterator(folder);
    CHECK(std::distance(begin(files), end(files)) == 1);
}

}  // namespace sluice::auth
