// A descriptor of a file, closed at the end.
#pragma once

#include <unistd.h>

namespace sluice::auth {

class Descriptor {
public:
    // What open() gave; below 0: none.
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }

private:
    int number_;
};

}  // namespace sluice::auth
