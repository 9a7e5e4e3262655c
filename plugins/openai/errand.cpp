#include "errand.hpp"

#include <semaphore.h>

#include <cerrno>

namespace sluice::openai {
namespace {

void run(void* ctx) noexcept { (*static_cast<const std::function<void()>*>(ctx))(); }

// Rationale: a function of ours that says "done" still has to return, through code that may be unmapped by then. The
// last thing posted is therefore a function of the C library: when it runs, run() has returned. Its other type is
// harmless: one pointer goes in, and the result is left in a register nobody reads.
sluice_callback_fn post_semaphore() noexcept {
    return reinterpret_cast<sluice_callback_fn>(reinterpret_cast<void (*)()>(&sem_post));
}

}  // namespace

void run_errand(const sluice_host_loop& api, sluice_loop* loop, const std::function<void()>& work) {
    if (api.post(loop, &run, const_cast<std::function<void()>*>(&work)) != SLUICE_OK) return work();
    sem_t is_over;
    sem_init(&is_over, 0, 0);
    if (api.post(loop, post_semaphore(), &is_over) == SLUICE_OK) {
        while (sem_wait(&is_over) != 0 && errno == EINTR) {
        }
    }
    sem_destroy(&is_over);
}

}  // namespace sluice::openai
