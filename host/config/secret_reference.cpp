#include "config/secret_reference.hpp"

#include "config/utf8.hpp"
#include "config/value_description.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::config {
namespace {

SecretValue failed(const std::string& problem) { return {Secret(), problem}; }

SecretValue from_environment(const std::string& name, const Environment& environment) {
    const auto value = environment.get(name);
    if (!value || value->empty()) {
        return failed("the environment variable " + quoted(name) + " of env: is " + (value ? "empty" : "not set"));
    }
    if (!is_text(*value)) return failed("the environment variable " + quoted(name) + " of env: is not UTF-8 text");
    return {Secret(*value), ""};
}

SecretValue from_file(const std::string& name) {
    const std::filesystem::path file(name);
    const std::string where = "the file " + quoted(name) + " of file: ";
    if (!file.is_absolute()) return failed(where + "is not an absolute path");
    // Anything but a regular file (a FIFO, a terminal) could make the start wait forever.
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return failed(where + "does not exist or is no regular file");
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return failed(where + "cannot be read");
    std::string content(kMaxSecretBytes + 1, '\0');
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(stream.gcount()));
    if (stream.bad()) return failed(where + "cannot be read");
    if (content.size() > kMaxSecretBytes)
        return failed(where + "is larger than " + std::to_string(kMaxSecretBytes) + " bytes");
    if (!content.empty() && content.back() == '\n') content.pop_back();
    if (!content.empty() && content.back() == '\r') content.pop_back();
    if (content.empty()) return failed(where + "is empty");
    if (!is_text(content)) return failed(where + "is not UTF-8 text");
    return {Secret(content), ""};
}

}  // namespace

SecretValue resolve_secret(const std::string& text, const Environment& environment) {
    if (text.rfind("env:", 0) == 0) return from_environment(text.substr(4), environment);
    if (text.rfind("file:", 0) == 0) return from_file(text.substr(5));
    return {Secret(text), ""};
}

}  // namespace sluice::config
