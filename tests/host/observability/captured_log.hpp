#pragma once

#include "observability/log.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

/// Runs the log of this process into memory.
class CapturedLog {
public:
    explicit CapturedLog(sluice::observability::LogConfig config = {}) : descriptor_(memfd_create("log", MFD_CLOEXEC)) {
        if (descriptor_ < 0) {
            throw std::runtime_error("memfd_create failed");
        }
        config.descriptor = descriptor_;
        sluice::observability::start_log(config);
    }
    ~CapturedLog() {
        sluice::observability::stop_log();
        close(descriptor_);
    }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    /// Everything that was logged up to now.
    std::string text() const {
        sluice::observability::flush_log();
        return written();
    }

    /// What has reached the output, without a flush.
    std::string written() const {
        std::string text(static_cast<std::size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
        const ssize_t count = pread(descriptor_, text.data(), text.size(), 0);
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return text;
    }

    /// The lines that hold `part`.
    std::vector<std::string> lines_with(const std::string& part) const {
        std::vector<std::string> found;
        const std::string all = text();
        for (std::size_t begin = 0; begin < all.size();) {
            const std::size_t end = all.find('\n', begin);
            const std::string line = all.substr(begin, end - begin);
            if (line.find(part) != std::string::npos) {
                found.push_back(line);
            }
            begin = end == std::string::npos ? all.size() : end + 1;
        }
        return found;
    }

private:
    int descriptor_;
};
