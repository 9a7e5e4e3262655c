#include "jwt/key_file.hpp"

#include "jwt/jwk_set.hpp"
#include "scratch_file.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::auth::jwt;

TEST_CASE("a key file is read again when it was changed, replaced or has to be fresh", "[auth][jwt][unit]") {
    const ScratchFile scratch;
    scratch.write("one");
    KeyFile file(scratch.path());
    std::string problem;
    CHECK(file.read(false, problem).value().text == "one");
    CHECK(file.read(false, problem).value().is_unchanged);
    CHECK(file.read(true, problem).value().text == "one");
    scratch.write("another");
    CHECK(file.read(false, problem).value().text == "another");
    scratch.replace("anothe2");
    CHECK(file.read(false, problem).value().text == "anothe2");
    CHECK(file.read(false, problem).value().is_unchanged);
}

TEST_CASE("a key file that cannot be read is named with the reason", "[auth][jwt][unit]") {
    std::string problem;
    CHECK_FALSE(KeyFile("/nowhere/keys").read(true, problem));
    CHECK(problem == "/nowhere/keys cannot be opened: No such file or directory");
    CHECK_FALSE(KeyFile("/dev").read(true, problem));
    CHECK(problem == "/dev: expected a regular file");
    const ScratchFile scratch;
    scratch.write(std::string(JwkSet::kMaxBytes * 2, 'x'));
    const auto large = KeyFile(scratch.path()).read(true, problem);
    REQUIRE(large);
    CHECK_FALSE(JwkSet::parse(large->text, problem));
    CHECK(problem == "the key set is larger than 1 MiB");
}
