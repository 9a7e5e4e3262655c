#include "app/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace sluice::app {

namespace fs = std::filesystem;

StateLock::StateLock(const fs::path& folder) : folder_(fs::absolute(folder)) {
    std::error_code error;
    bool is_new = fs::create_directories(folder_, error);
    if (error) throw std::runtime_error("server.state_dir: cannot make " + folder_.string() + ": " + error.message());
    if (is_new) fs::permissions(folder_, fs::perms::owner_all, error);
    fs::path file = folder_ / "lock";
    descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) {
        throw std::runtime_error("server.state_dir: cannot open " + file.string() + ": " + std::strerror(errno));
    }
    if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    close(descriptor_);
    throw StateInUse("server.state_dir: " + folder_.string() +
                     " is in use by another gateway; give each its own (SLUICE_STATE_DIR)");
}

StateLock::~StateLock() { close(descriptor_); }

}  // namespace sluice::app
