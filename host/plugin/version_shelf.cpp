#include "plugin/version_shelf.hpp"

#include "plugin/plugin_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace sluice::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownDigits = 12;
constexpr std::string_view kIndex = "index.tsv";

bool fits_a_line(std::string_view text) { return text.find_first_of("\t\n") == std::string_view::npos; }

}  // namespace

Result<VersionShelf> VersionShelf::open(const fs::path& copies) {
    VersionShelf shelf(copies / "earlier");
    if (::mkdir(shelf.folder_.c_str(), 0700) != 0 && errno != EEXIST) {
        return Unexpected(fmt::format("{}: cannot be made: {}", shelf.folder_.string(), std::strerror(errno)));
    }
    shelf.read_index();
    return shelf;
}

fs::path VersionShelf::file_of(const Kept& kept) const {
    return folder_ / fmt::format("{}.{}.so", kept.name, kept.sha256.substr(0, kShownDigits));
}

Result<void> VersionShelf::keep(const fs::path& source, const PluginLibrary& library) {
    Kept kept{library.manifest().name, library.manifest().version, library.sha256(), ""};
    if (!fits_a_line(source.native())) {
        return Unexpected(fmt::format("{}: expected a path without tabs and line ends", source.string()));
    }
    const fs::path file = file_of(kept);
    // The private copy goes away with the library; a link costs nothing and is not overwritten by anybody.
    if (::link(library.loaded_path().c_str(), file.c_str()) != 0 && errno != EEXIST) {
        return Unexpected(fmt::format("{}: cannot be kept: {}", file.string(), std::strerror(errno)));
    }
    const auto before = kept_.find(source);
    const fs::path old = before == kept_.end() ? fs::path() : file_of(before->second);
    kept_.insert_or_assign(source, std::move(kept));
    auto written = write_index();
    std::error_code ignored;
    if (!old.empty() && old != file) {
        fs::remove(old, ignored);
    }
    return written;
}

fs::path VersionShelf::file_for(const fs::path& source) const {
    const auto found = kept_.find(source);
    if (found == kept_.end() || found->second.refused_sha256.empty()) {
        return source;
    }
    const auto sha256 = sha256_of_plugin_file(source);
    // What cannot be read is still what was refused: the kept version is known to be good.
    return !sha256 || *sha256 == found->second.refused_sha256 ? file_of(found->second) : source;
}

Result<std::string> VersionShelf::go_back(const std::string& name) {
    std::string known;
    for (auto& [source, kept] : kept_) {
        if (kept.name != name) {
            known += (known.empty() ? "" : ", ") + kept.name;
            continue;
        }
        if (file_for(source) != source) {
            return Unexpected(fmt::format("plugin \"{}\" is back at {} ({}) already", name, kept.version,
                                          kept.sha256.substr(0, kShownDigits)));
        }
        auto refused = sha256_of_plugin_file(source);
        if (!refused) {
            return Unexpected(std::move(refused).error());
        }
        kept.refused_sha256 = std::move(refused).value();
        if (auto written = write_index(); !written) {
            return Unexpected(std::move(written).error());
        }
        return fmt::format("{} {} ({})", name, kept.version, kept.sha256.substr(0, kShownDigits));
    }
    return Unexpected(
        fmt::format("no earlier version of a plugin \"{}\" is kept (kept: {})", name, known.empty() ? "none" : known));
}

void VersionShelf::stay(const std::string& name) {
    for (auto& [source, kept] : kept_) {
        if (kept.name == name) {
            kept.refused_sha256.clear();
        }
    }
    static_cast<void>(write_index());
}

void VersionShelf::read_index() {
    std::ifstream file(folder_ / kIndex);
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string source;
        Kept kept;
        std::getline(fields, source, '\t');
        std::getline(fields, kept.name, '\t');
        std::getline(fields, kept.version, '\t');
        std::getline(fields, kept.sha256, '\t');
        std::getline(fields, kept.refused_sha256, '\t');
        const auto sha256 = kept.sha256.size() == 64 ? sha256_of_plugin_file(file_of(kept)) : Result<std::string>("");
        if (sha256 && *sha256 == kept.sha256) {
            kept_.insert_or_assign(source, std::move(kept));
        }
    }
}

Result<void> VersionShelf::write_index() const {
    const fs::path target = folder_ / kIndex;
    const fs::path unfinished = folder_ / "index.partial";
    {
        std::ofstream file(unfinished, std::ios::trunc);
        for (const auto& [source, kept] : kept_) {
            file << source.native() << '\t' << kept.name << '\t' << kept.version << '\t' << kept.sha256 << '\t'
                 << kept.refused_sha256 << '\n';
        }
        if (!file.flush()) {
            return Unexpected(fmt::format("{}: cannot be written", unfinished.string()));
        }
    }
    std::error_code failure;
    fs::rename(unfinished, target, failure);
    return failure ? Result<void>(Unexpected(fmt::format("{}: {}", target.string(), failure.message())))
                   : Result<void>();
}

}  // namespace sluice::plugin
