#include "jwt/key_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "jwt/jwk_set.hpp"

namespace sluice::auth::jwt {
namespace {

class OpenFile {
public:
    // Does not wait for a writer, should the path name a pipe.
    explicit OpenFile(const char* path) : descriptor_(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
           one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

// At most one byte more than a set may have, so that a longer one is seen to be.
bool read_all(int descriptor, std::string& text) {
    char part[16384];
    while (text.size() <= JwkSet::kMaxBytes) {
        const ssize_t count = ::read(descriptor, part, sizeof(part));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        if (count == 0) return true;
        text.append(part, static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

std::optional<KeyDocument::Content> KeyFile::read(bool needs_fresh, std::string& problem) {
    const OpenFile file(path_.c_str());
    struct stat status {};
    Content content;
    if (is_aborted_ || file.descriptor() < 0 || ::fstat(file.descriptor(), &status) != 0) {
        problem = path_ + " cannot be opened: " + std::strerror(errno);
        return std::nullopt;
    }
    content.is_unchanged = !needs_fresh && is_same(status, seen_);
    if (content.is_unchanged) return content;
    if (!S_ISREG(status.st_mode)) {
        problem = path_ + ": expected a regular file";
        return std::nullopt;
    }
    if (!read_all(file.descriptor(), content.text)) {
        problem = path_ + " cannot be read: " + std::strerror(errno);
        return std::nullopt;
    }
    seen_ = status;
    return content;
}

}  // namespace sluice::auth::jwt
