#include "config/secret_reference.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>
#include <filesystem>
#include <fstream>

using sluice::config::Environment;
using sluice::config::resolve_secret;

namespace {

/// A file in the temporary folder, removed with the object.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    std::string reference() const { return "file:" + path_.string(); }

private:
    std::filesystem::path path_ =
        std::filesystem::temp_directory_path() / ("sluice_secret_test_" + std::to_string(::getpid()));
};

}  // namespace

TEST_CASE("other text is the secret itself", "[config][unit]") {
    CHECK(resolve_secret("sk-1", Environment()).secret.reveal() == "sk-1");
    CHECK(resolve_secret("", Environment()).problem.empty());
}

TEST_CASE("env: takes the value of a variable", "[config][unit]") {
    const Environment environment{{"KEY", "sk-1"}, {"EMPTY", ""}};
    CHECK(resolve_secret("env:KEY", environment).secret.reveal() == "sk-1");
    CHECK(resolve_secret("env:EMPTY", environment).problem == "the environment variable \"EMPTY\" of env: is empty");
    CHECK(resolve_secret("env:NONE", environment).problem == "the environment variable \"NONE\" of env: is not set");
}

TEST_CASE("file: takes the content without the newline at its end", "[config][unit]") {
    CHECK(resolve_secret(TemporaryFile("sk-1\n").reference(), Environment()).secret.reveal() == "sk-1");
    CHECK(resolve_secret(TemporaryFile("sk-1\r\n").reference(), Environment()).secret.reveal() == "sk-1");
    CHECK(resolve_secret(TemporaryFile("a\nb").reference(), Environment()).secret.reveal() == "a\nb");
}

TEST_CASE("a file without a secret is a problem", "[config][unit]") {
    CHECK_THAT(resolve_secret(TemporaryFile("\n").reference(), Environment()).problem, Catch::EndsWith("is empty"));
    CHECK_THAT(resolve_secret(TemporaryFile(std::string(65537, 'x')).reference(), Environment()).problem,
               Catch::EndsWith("is larger than 65536 bytes"));
    CHECK_THAT(resolve_secret(TemporaryFile("\xff\xfe").reference(), Environment()).problem,
               Catch::EndsWith("is not UTF-8 text"));
    CHECK(resolve_secret("file:/nonexistent/key", Environment()).problem ==
          "the file \"/nonexistent/key\" of file: does not exist or is no regular file");
    CHECK(resolve_secret("file:key", Environment()).problem == "the file \"key\" of file: is not an absolute path");
    CHECK_FALSE(resolve_secret("file:/dev/zero", Environment()).problem.empty());
}
