// What is known of the program and its processes without asking it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "process/process_pool.hpp"
#include "request/model_table.hpp"

namespace sluice::claude_code {

// Written on the home loop, read from every thread.
class CliStatus {
public:
    struct Facts {
        bool is_found = false;         // there is a program
        bool is_broken = false;        // it does not even tell its version
        bool has_credentials = false;  // nobody has tried them
        std::string version;           // empty: not known yet
        PoolFigures figures;

        bool is_usable() const noexcept { return is_found && !is_broken && has_credentials; }
    };

    Facts get() const {
        const std::lock_guard lock(mutex_);
        return facts_;
    }
    // The names clients may use now; never null after the first set_models().
    std::shared_ptr<const ModelTable> models() const {
        const std::lock_guard lock(mutex_);
        return models_;
    }
    void set_models(ModelTable models) {
        auto next = std::make_shared<const ModelTable>(std::move(models));
        const std::lock_guard lock(mutex_);
        models_ = std::move(next);
    }
    template <class Change>
    void change(Change change) {
        const std::lock_guard lock(mutex_);
        change(facts_);
    }

private:
    mutable std::mutex mutex_;
    Facts facts_;
    std::shared_ptr<const ModelTable> models_;
};

}  // namespace sluice::claude_code
