#include "plugin/private_copy.hpp"

#include "observability/log.hpp"
#include "plugin/byte_source.hpp"
#include "plugin/elf_inspector.hpp"
#include "plugin/sha256.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 256 << 10;
constexpr std::size_t kShownDigits = 12;

// One for the whole process, so that no name is ever used twice in it.
std::atomic<std::uint64_t> next_number{1};

// Removes a file that did not become a copy.
class UnfinishedFile {
public:
    explicit UnfinishedFile(fs::path path) : path_(std::move(path)) {}
    ~UnfinishedFile() {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }
    UnfinishedFile(const UnfinishedFile&) = delete;
    UnfinishedFile& operator=(const UnfinishedFile&) = delete;
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes = bytes.subspan(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    return true;
}

// Copies all of it and gives its SHA-256.
Result<std::string> copy_bytes(const PluginFile& source, int target) {
    const DescriptorBytes bytes(source.descriptor.get(), source.size_bytes);
    std::vector<std::byte> piece(kPieceBytes);
    Sha256 sha256;
    for (std::uint64_t offset = 0; offset < source.size_bytes;) {
        const std::span part(piece.data(), std::min<std::uint64_t>(kPieceBytes, source.size_bytes - offset));
        if (!bytes.read(offset, part)) {
            return Unexpected<std::string>("became shorter while it was copied");
        }
        if (!write_all(target, part)) {
            return Unexpected(fmt::format("its private copy cannot be written: {}", std::strerror(errno)));
        }
        sha256.update(part);
        offset += part.size();
    }
    struct stat status {};
    if (::fstat(source.descriptor.get(), &status) != 0 ||
        static_cast<std::uint64_t>(status.st_size) != source.size_bytes) {
        return Unexpected<std::string>("changed its size while it was copied");
    }
    return sha256.finish();
}

Result<void> check_folder(const fs::path& folder) {
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) {
        return Unexpected(fmt::format("{}: cannot be examined: {}", folder.string(), std::strerror(errno)));
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 0777) != 0700) {
        return Unexpected(
            fmt::format("{}: has mode {:o} and belongs to user {}, expected a folder of mode 0700 of user {}",
                        folder.string(), status.st_mode, status.st_uid, ::geteuid()));
    }
    return {};
}

// Left by a process that is no more, or by one that had this process' number before.
bool is_leftover(const std::string& name) {
    static const RE2 pattern(R"((?:[a-z0-9_-]+\.[0-9a-f]{12}\.)?([0-9]{1,9})\.([0-9]{1,18})\.(?:so|partial))");
    pid_t process = 0;
    std::uint64_t number = 0;
    if (!RE2::FullMatch(name, pattern, &process, &number)) {
        return false;
    }
    if (process == ::getpid()) {
        return number >= next_number.load();
    }
    return ::kill(process, 0) != 0 && errno == ESRCH;
}

void remove_leftovers(const fs::path& folder) {
    std::error_code failure;
    std::uint64_t removed = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
        std::error_code ignored;
        removed += is_leftover(entry.path().filename().string()) && fs::remove(entry.path(), ignored) ? 1 : 0;
    }
    if (removed > 0) {
        observability::log(observability::LogLevel::kInfo, "plugin_leftovers_removed",
                           "private plugin copies of earlier processes were removed", {{"count", removed}});
    }
}

}  // namespace

PrivateCopy::PrivateCopy(fs::path path, std::string sha256, Manifest manifest)
    : path_(std::move(path)), sha256_(std::move(sha256)), manifest_(std::move(manifest)) {}

PrivateCopy::~PrivateCopy() {
    if (!is_kept_) {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }
}

Result<PrivateCopies> PrivateCopies::open(const fs::path& state_dir, const HostOffer& host) {
    std::error_code failure;
    const fs::path folder = fs::absolute(state_dir, failure).lexically_normal() / "plugins";
    fs::create_directories(folder.parent_path(), failure);
    if (failure) {
        return Unexpected(fmt::format("{}: cannot be made: {}", folder.parent_path().string(), failure.message()));
    }
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return Unexpected(fmt::format("{}: cannot be made: {}", folder.string(), std::strerror(errno)));
    }
    if (auto rights = check_folder(folder); !rights) {
        return Unexpected(std::move(rights).error());
    }
    remove_leftovers(folder);
    return PrivateCopies(folder, host);
}

Result<std::unique_ptr<PrivateCopy>> PrivateCopies::make(const PluginFile& source) const {
    const std::uint64_t number = next_number.fetch_add(1);
    const UnfinishedFile unfinished(folder_ / fmt::format("{}.{}.partial", ::getpid(), number));
    FileDescriptor target(::open(unfinished.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0500));
    if (!target.is_open()) {
        return Unexpected(
            fmt::format("its private copy {} cannot be made: {}", unfinished.path().string(), std::strerror(errno)));
    }
    const auto sha256 = copy_bytes(source, target.get());
    if (!sha256) {
        return Unexpected(sha256.error());
    }
    auto manifest = inspect_elf(DescriptorBytes(target.get(), source.size_bytes), host_);
    if (!manifest) {
        return Unexpected(std::move(manifest).error());
    }
    const fs::path path =
        folder_ / fmt::format("{}.{}.{}.{}.so", manifest->name, sha256->substr(0, kShownDigits), ::getpid(), number);
    // A link, unlike a rename, never takes the place of another file.
    if (::link(unfinished.path().c_str(), path.c_str()) != 0) {
        return Unexpected(fmt::format("its private copy {} cannot be made: {}", path.string(), std::strerror(errno)));
    }
    return std::make_unique<PrivateCopy>(path, *sha256, std::move(manifest).value());
}

}  // namespace sluice::plugin
