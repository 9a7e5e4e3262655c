#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/stat.h>

/// A folder of mode 0700 that goes away with everything in it.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("mkdtemp failed");
        }
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// Writes a file that only its owner may change.
    std::filesystem::path write(const std::string& name, std::span<const std::byte> bytes) const {
        const std::filesystem::path file = path_ / name;
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        chmod(file.c_str(), 0644);
        return file;
    }

    /// Copies a file of the build, which may lie in a folder that others can write to.
    std::filesystem::path take(const std::filesystem::path& source) const {
        const std::filesystem::path file = path_ / source.filename();
        std::filesystem::copy_file(source, file, std::filesystem::copy_options::overwrite_existing);
        chmod(file.c_str(), 0644);
        return file;
    }

private:
    std::filesystem::path path_;
};
