// Queues whose waiters live on several loops.
#include "fair_queues.hpp"

#include <atomic>
#include <thread>

#include "limited_gateway.hpp"
#include "waiting_room.hpp"

namespace sluice::ratelimit {
namespace {

// The slots of one key, and who wants them.
struct Slots {
    FairQueues queues;
    std::atomic<int> free{0};
    std::atomic<int> served{0};
    std::atomic<int> threads_done{0};
};

class Seeker : public Waiter {
public:
    Seeker(Slots& slots, WaitingRoom& own_room, const std::string& name) : slots_(slots) {
        key = "slots";
        owner = name;
        room = &own_room;
        deadline = std::chrono::hours(1000000);
    }
    void ask_again() noexcept override {
        if (is_served || --slots_.free < 0) {
            ++slots_.free;
            return;
        }
        is_served = true;
        ++slots_.served;
        room->exit(*this);
        slots_.queues.serve(*this);
        ++slots_.free;
        slots_.queues.offer(key);
    }
    void time_out() noexcept override {}

    bool is_served = false;

private:
    Slots& slots_;
};

void seek(Slots& slots, const std::string& name, int rounds, int threads) {
    FakeHost host(name, testing::Time::kReal);
    WaitingRoom room(Loops(host.raw()).at(0), slots.queues);
    for (int i = 0; i < rounds; ++i) {
        Seeker seeker(slots, room, name);
        if (!slots.queues.join(seeker, 100)) continue;
        room.enter(seeker);
        if (!host.loop().run_until([&] { return seeker.is_served; })) std::terminate();
    }
    ++slots.threads_done;
    host.loop().run_until([&] { return slots.threads_done == threads; });
    host.loop().run_ready();
    room.close();
}

}  // namespace

TEST_CASE("waiters of several loops are all served", "[ratelimit][unit]") {
    Slots slots;
    slots.free = 1;
    std::thread first(seek, std::ref(slots), "a", 200, 3);
    std::thread second(seek, std::ref(slots), "b", 200, 3);
    seek(slots, "c", 200, 3);
    first.join();
    second.join();
    CHECK(slots.served == 600);
    CHECK(slots.free == 1);
    CHECK_FALSE(slots.queues.has_waiting("slots"));
}

TEST_CASE("who leaves makes room for the next, and the owners keep their order", "[ratelimit][unit]") {
    FakeHost host;
    Slots slots;
    WaitingRoom room(Loops(host.raw()).at(0), slots.queues);
    Seeker first(slots, room, "a");
    Seeker second(slots, room, "a");
    Seeker third(slots, room, "b");
    for (Seeker* each : {&first, &second, &third}) CHECK(slots.queues.join(*each, 3));
    Seeker refused(slots, room, "c");
    CHECK_FALSE(slots.queues.join(refused, 3));
    CHECK(slots.queues.is_first(first));
    slots.queues.leave(first);
    CHECK(slots.queues.is_first(second));
    slots.queues.serve(second);
    CHECK(slots.queues.is_first(third));
    CHECK(slots.queues.has_waiting("slots"));
    slots.queues.leave(third);
    CHECK_FALSE(slots.queues.has_waiting("slots"));
}

}  // namespace sluice::ratelimit
