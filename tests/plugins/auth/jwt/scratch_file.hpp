// A file of a test's own.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sluice::auth::jwt {

class ScratchFile {
public:
    ScratchFile() {
        std::string name = (std::filesystem::temp_directory_path() / "key_file_XXXXXX").string();
        ::close(::mkstemp(name.data()));
        path_ = name;
    }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    ~ScratchFile() { std::filesystem::remove(path_); }

    const std::string& path() const { return path_; }
    void write(const std::string& text) const { std::ofstream(path_, std::ios::trunc) << text; }
    // Another file in its place, as a tool that replaces files does it.
    void replace(const std::string& text) const {
        std::ofstream(path_ + ".new") << text;
        std::filesystem::rename(path_ + ".new", path_);
    }

private:
    std::string path_;
};

}  // namespace sluice::auth::jwt
