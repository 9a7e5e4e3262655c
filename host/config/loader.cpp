#include "config/loader.hpp"

#include "config/config_checks.hpp"
#include "config/config_reader.hpp"
#include "config/document.hpp"
#include "config/problem_list.hpp"
#include "config/schema_validation.hpp"
#include "config/secret_reference.hpp"
#include "config/value_description.hpp"

#include <Poco/Exception.h>

#include <exception>
#include <fstream>
#include <iterator>

namespace sluice::config {
namespace {

LoadResult failed(const std::string& message) { return {std::nullopt, {{"", message}}}; }

/// Parsed once; the schema is part of the program and never changes.
const JsonObject& schema() {
    static const JsonObject parsed = as_object(parse_json(schema_text()));
    return parsed;
}

void resolve_in_place(std::string& value, const char* path, const Environment& environment, Problems& problems) {
    SecretValue resolved = resolve_secret(value, environment);
    if (!resolved.problem.empty()) problems.push_back({path, resolved.problem});
    value = resolved.secret.reveal();
}

/// The configuration of a document that could be read. Every stage runs whatever the one before it found, so that
/// all problems are reported at once; what follows from an earlier problem is left out.
LoadResult load_document(Document document, const Environment& environment) {
    LoadResult result;
    result.problems = std::move(document.problems);
    add_new_problems(validate(document.root, schema(), ""), result.problems);

    Problems inconsistencies;
    Config config = read_config(as_object(document.root), document.origins, inconsistencies);
    add_new_problems(inconsistencies, result.problems);
    add_new_problems(check_config(config, result.problems), result.problems);
    resolve_in_place(config.store.redis.password, "store.redis.password", environment, result.problems);
    resolve_in_place(config.admin.token, "admin.token", environment, result.problems);
    note_origins(result.problems, document.origins, "");
    if (!result.problems.empty()) return result;
    result.config = std::move(config);
    result.document_json = to_text(document.root);
    return result;
}

LoadResult load_checked(std::string_view text, const Environment& environment) {
    if (text.size() > kMaxDocumentBytes) {
        return failed("found more than " + std::to_string(kMaxDocumentBytes) + " bytes, expected at most that many");
    }
    Document document = read_document(text, environment);
    if (as_object(document.root).isNull()) {
        if (!document.problems.empty()) return {std::nullopt, document.problems};
        return failed("found " + describe_found(document.root) + ", expected a mapping such as \"server: …\"");
    }
    return load_document(std::move(document), environment);
}

}  // namespace

LoadResult load_file(const std::filesystem::path& file, const Environment& environment) {
    try {
        std::error_code error;
        if (std::filesystem::is_directory(file, error)) return failed(file.string() + " is a folder, expected a file");
        std::ifstream stream(file, std::ios::binary);
        if (!stream) return failed("cannot read " + file.string());
        std::string text(kMaxDocumentBytes + 1, '\0');
        stream.read(text.data(), static_cast<std::streamsize>(text.size()));
        if (stream.bad()) return failed("cannot read " + file.string());
        text.resize(static_cast<std::size_t>(stream.gcount()));
        return load_text(text, environment);
    } catch (const std::exception& error) {
        return failed("cannot read " + file.string() + ": " + error.what());
    }
}

std::string guessed_state_dir(const std::filesystem::path& file) {
    constexpr std::string_view kKey = "state_dir";
    constexpr std::string_view kBehindKey = "\"': \t";
    std::ifstream stream(file, std::ios::binary);
    for (std::string line; std::getline(stream, line);) {
        const std::size_t key = line.find(kKey);
        if (key == std::string::npos || line.find('#') < key) continue;
        const std::size_t begin = line.find_first_not_of(kBehindKey, key + kKey.size());
        const std::size_t end = line.find_first_of(" \t\r\"',}", begin);
        const std::string value = begin == std::string::npos ? "" : line.substr(begin, end - begin);
        return value.find("${") == std::string::npos ? value : "";
    }
    return "";
}

LoadResult load_text(std::string_view text, const Environment& environment) {
    try {
        return load_checked(text, environment);
    } catch (const Poco::Exception& error) {
        return failed("cannot be read: " + error.displayText());
    } catch (const std::exception& error) {
        return failed(std::string("cannot be read: ") + error.what());
    }
}

}  // namespace sluice::config
