#include "plugin/plugin_file.hpp"

#include "plugin/byte_source.hpp"
#include "plugin/sha256.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::plugin {
namespace {

// Whoever may write to it decides what code this process runs.
Result<void> check_rights(const struct stat& status, std::string_view what) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return Unexpected(
            fmt::format("{} belongs to user {}, expected root or user {}", what, status.st_uid, ::geteuid()));
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return Unexpected(fmt::format("{} has mode {:04o}: writable for {}, expected only its owner may write", what,
                                      status.st_mode & 07777,
                                      (status.st_mode & S_IWOTH) != 0 ? "everyone" : "its group"));
    }
    return {};
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000ll + time.tv_nsec; }

FileIdentity identity_of(const struct stat& status) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return {status.st_dev,
            status.st_ino,
            static_cast<std::uint64_t>(status.st_size),
            nanoseconds(status.st_mtim),
            nanoseconds(status.st_ctim),
            nanoseconds(now)};
}

std::string_view kind_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFDIR: return "a folder";
        case S_IFIFO: return "a pipe";
        case S_IFSOCK: return "a socket";
        case S_IFCHR:
        case S_IFBLK: return "a device";
        default: return "something else";
    }
}

Result<FileDescriptor> open_folder(const std::filesystem::path& folder) {
    FileDescriptor descriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.is_open()) {
        return Unexpected(fmt::format("its folder cannot be opened: {}", std::strerror(errno)));
    }
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) {
        return Unexpected(fmt::format("its folder cannot be examined: {}", std::strerror(errno)));
    }
    if (auto rights = check_rights(status, "its folder"); !rights) {
        return Unexpected(std::move(rights).error());
    }
    return descriptor;
}

Result<PluginFile> open_inside(int folder, const std::filesystem::path& name) {
    // Without O_NONBLOCK the open of a pipe would wait for its other end.
    FileDescriptor descriptor(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!descriptor.is_open()) {
        return errno == ELOOP ? Unexpected<std::string>("is a symbolic link, expected the file itself")
                              : Unexpected(fmt::format("cannot be opened: {}", std::strerror(errno)));
    }
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) {
        return Unexpected(fmt::format("cannot be examined: {}", std::strerror(errno)));
    }
    if (!S_ISREG(status.st_mode)) {
        return Unexpected(fmt::format("is {}, expected a regular file", kind_of(status.st_mode)));
    }
    if (auto rights = check_rights(status, "the file"); !rights) {
        return Unexpected(std::move(rights).error());
    }
    const auto size_bytes = static_cast<std::uint64_t>(status.st_size);
    if (size_bytes > kMaxPluginBytes) {
        return Unexpected(fmt::format("has {} bytes, expected at most {}", size_bytes, kMaxPluginBytes));
    }
    return PluginFile{std::move(descriptor), size_bytes, identity_of(status)};
}

}  // namespace

bool FileIdentity::proves_same(const FileIdentity& earlier) const noexcept {
    constexpr std::int64_t kSlowestTickNs = 2'000'000'000;
    const bool is_alike = device == earlier.device && inode == earlier.inode && size_bytes == earlier.size_bytes &&
                          modified_ns == earlier.modified_ns && changed_ns == earlier.changed_ns;
    return is_alike && earlier.read_ns - changed_ns > kSlowestTickNs;
}

Result<PluginFile> open_plugin_file(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    // The file is opened inside the folder that was checked, so that none can be put in its place in between.
    const auto parent = open_folder(folder);
    if (!parent) {
        return Unexpected(fmt::format("{}: {}", path.string(), parent.error()));
    }
    auto file = open_inside(parent.value().get(), path.filename());
    if (!file) {
        return Unexpected(fmt::format("{}: {}", path.string(), file.error()));
    }
    return file;
}

Result<std::string> sha256_of_plugin_file(const std::filesystem::path& path) {
    const auto file = open_plugin_file(path);
    if (!file) {
        return Unexpected(file.error());
    }
    auto sha256 = sha256_of(DescriptorBytes(file->descriptor.get(), file->size_bytes));
    return sha256 ? std::move(sha256) : Unexpected(fmt::format("{}: {}", path.string(), sha256.error()));
}

}  // namespace sluice::plugin
