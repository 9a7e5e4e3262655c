#include "keys/lasting_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "keys/descriptor.hpp"
#include "keys/sodium.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth {
namespace {

[[noreturn]] void fail_with_file(const std::string& path, std::string_view what, int error) {
    throw Error("internal_error",
                path + ": " + std::string(what) + " (" + std::generic_category().message(error) + ")");
}

void write_draft(const std::string& draft, std::string_view text) {
    const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.number() < 0) fail_with_file(draft, "cannot be made", errno);
    if (::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file.number()) == 0) {
        return;
    }
    const int error = errno;
    ::unlink(draft.c_str());
    fail_with_file(draft, "cannot be written", error);
}

// Gives the draft its name, where that is free; afterwards there is no draft. 0, or what went wrong.
int give_name(const std::string& draft, const std::string& path) {
    int error = ::link(draft.c_str(), path.c_str()) == 0 ? 0 : errno;
    // There are file systems without hard links.
    if (error != 0 && error != EEXIST) {
        error = ::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
        if (error == 0) return 0;
    }
    ::unlink(draft.c_str());
    return error;
}

// A name is on the disk only when its folder is; a file system that cannot be asked for that says EINVAL.
void sync_folder_of(const std::string& path) {
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.number() < 0 || (::fsync(opened.number()) != 0 && errno != EINVAL)) {
        fail_with_file(folder, "cannot be written to the disk", errno);
    }
}

}  // namespace

void make_lasting_file(const std::string& path, std::string_view text) {
    const std::string draft = path + "." + to_hex(random_bytes(8));
    write_draft(draft, text);
    const int error = give_name(draft, path);
    if (error != 0 && error != EEXIST) fail_with_file(path, "cannot be made", error);
    sync_folder_of(path);
}

}  // namespace sluice::auth
