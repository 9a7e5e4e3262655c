#include "session/session_files.hpp"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <new>

#include "session/session_id.hpp"

namespace sluice::claude_code {
namespace {

constexpr std::size_t kMaxName = 200;
constexpr int kMaxFolders = 10'000;  // looked through for one file

struct Close {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

// The program resolves links in its working directory before it names the folder.
std::string resolved(std::string_view path) {
    const std::unique_ptr<char, decltype(&::free)> real(::realpath(std::string(path).c_str(), nullptr), &::free);
    return real ? std::string(real.get()) : std::string(path);
}

// Everything but ASCII letters and digits becomes a hyphen, one for each UTF-16 unit, as the program counts.
std::string hyphenated(std::string_view path) {
    std::string name;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool is_continuation = (byte & 0xc0) == 0x80;
        if (is_continuation) continue;
        name += is_kept ? c : '-';
        if (byte >= 0xf0) name += '-';
    }
    return name;
}

}  // namespace

// A longer name is cut by the program, which then adds a hyphen and a hash that only it knows.
SessionFiles::SessionFiles(std::string_view home, std::string_view working_directory)
    : projects_(std::string(home) + "/.claude/projects"),
      name_(hyphenated(resolved(working_directory))),
      is_cut_(name_.size() > kMaxName) {
    if (is_cut_) name_.replace(kMaxName, std::string::npos, "-");
}

void SessionFiles::remove(std::string_view id) const noexcept {
    try {
        // Only what was made an id is put into a path.
        const auto valid = parse_session_id(id);
        if (!valid) return;
        const std::string file = '/' + *valid + ".jsonl";
        is_cut_ ? remove_from_cut(file) : static_cast<void>(::unlink((folder() + file).c_str()));
    } catch (const std::bad_alloc&) {
        // A file is left over.
    }
}

// No two sessions have one id, so a folder of another long path has no such file.
void SessionFiles::remove_from_cut(const std::string& file) const {
    const std::unique_ptr<DIR, Close> projects(::opendir(projects_.c_str()));
    if (!projects) return;
    for (int count = 0; count < kMaxFolders; ++count) {
        const dirent* const entry = ::readdir(projects.get());
        if (entry == nullptr) return;
        const std::string_view name = entry->d_name;
        if (!name.starts_with(name_)) continue;
        if (::unlink((projects_ + '/' + std::string(name) + file).c_str()) == 0) return;
    }
}

}  // namespace sluice::claude_code
