// Memory for objects of one kind that come and go with every request.
#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace sluice::openai {

// For one thread. Objects are built anew each time; only their memory is kept.
template <typename T>
class ObjectPool {
public:
    static constexpr std::size_t kMaxKept = 256;

    ObjectPool() = default;
    ObjectPool(const ObjectPool&) = delete;
    ObjectPool& operator=(const ObjectPool&) = delete;
    ~ObjectPool() {
        for (void* const memory : free_) ::operator delete(memory);
    }

    template <typename... Arguments>
    T* make(Arguments&&... arguments) {
        void* const memory = take();
        try {
            return ::new (memory) T(std::forward<Arguments>(arguments)...);
        } catch (...) {
            ::operator delete(memory);
            throw;
        }
    }

    void recycle(T* object) noexcept {
        std::destroy_at(object);
        if (free_.size() == free_.capacity()) return ::operator delete(object);
        free_.push_back(object);
    }

private:
    void* take() {
        if (free_.capacity() == 0) free_.reserve(kMaxKept);
        if (free_.empty()) return ::operator new(sizeof(T));
        void* const memory = free_.back();
        free_.pop_back();
        return memory;
    }

    std::vector<void*> free_;
};

}  // namespace sluice::openai
