#pragma once

namespace sluice::bench {

/// Owns one open descriptor and closes it. Movable, not copyable; -1 means "none".
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept;
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor();

    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }
    void close();

private:
    int number_ = -1;
};

/// Raises this process's limit of open descriptors as far as it may.
void raise_descriptor_limit();

}  // namespace sluice::bench
