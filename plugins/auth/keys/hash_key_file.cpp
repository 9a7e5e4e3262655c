#include "keys/hash_key_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

#include "keys/descriptor.hpp"
#include "keys/lasting_file.hpp"
#include "keys/sodium.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth {
namespace {

constexpr std::size_t kKeyCharacters = 64;

[[noreturn]] void fail(const std::string& path, std::string_view what, int error) {
    throw Error("internal_error",
                path + ": " + std::string(what) + " (" + std::generic_category().message(error) + ")");
}

// nullopt if there is no such file.
std::optional<std::string> read_hash_key(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.number() < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail(path, "cannot be read", errno);
    }
    std::string text(kKeyCharacters + 2, '\0');
    const ssize_t count = ::read(file.number(), text.data(), text.size());
    if (count < 0) fail(path, "cannot be read", errno);
    text.resize(static_cast<std::size_t>(count));
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (!digest_of_hex(text)) {
        throw Error("internal_error", path + ": expected 64 hexadecimal digits, found something else. Put the file " +
                                          "back as it was, or all stored keys are lost");
    }
    return text;
}

}  // namespace

std::string hash_key_of_folder(const std::string& folder) {
    start_sodium();
    const std::string path = folder + "/hash_key";
    if (auto key = read_hash_key(path)) return *key;
    make_lasting_file(path, to_hex(random_bytes(kKeyCharacters / 2)) + "\n");
    const auto key = read_hash_key(path);
    if (!key) fail(path, "is gone as soon as it is made", ENOENT);
    return *key;
}

std::string hash_key_for_now(const std::string& folder) {
    start_sodium();
    if (auto key = read_hash_key(folder + "/hash_key")) return *key;
    return to_hex(random_bytes(kKeyCharacters / 2));
}

}  // namespace sluice::auth
