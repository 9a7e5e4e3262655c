#include "isolation/channel.hpp"

#include <sluice/testing/fake_host.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using sluice::isolation::Channel;
using sluice::isolation::Frame;
using sluice::isolation::FrameKind;
using sluice::isolation::PayloadWriter;
using sluice::plugin::FileDescriptor;

namespace {

struct Received final : sluice::isolation::FrameReceiver {
    std::vector<std::string> frames;
    bool is_closed = false;
    std::string breach;
    void on_frame(const Frame& frame) override { frames.push_back(std::string(frame.payload)); }
    void on_closed(const std::string& what) override {
        is_closed = true;
        breach = what;
    }
};

/// Two channels with one loop, which is the test's.
struct Stage {
    sluice::testing::FakeHost host;
    sluice::Loop loop = sluice::Loops(host.raw()).at(0);
    Received left_got;
    Received right_got;
    std::shared_ptr<Channel> left;
    std::shared_ptr<Channel> right;
    int right_socket = -1;

    Stage() {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        right_socket = ends[1];
        left = std::make_shared<Channel>(loop, FileDescriptor(ends[0]), left_got);
        right = std::make_shared<Channel>(loop, FileDescriptor(ends[1]), right_got);
        REQUIRE(left->open());
        REQUIRE(right->open());
    }
    ~Stage() {
        left->close();
        right->close();
    }
    void send(Channel& channel, std::string_view text) {
        channel.send(FrameKind::kBytes, 1, [text](PayloadWriter& out) { out.put_rest({text.data(), text.size()}); });
    }
    template <class Condition>
    bool run_until(Condition condition) {
        return host.loop().run_until(condition, 5s);
    }
};

}  // namespace

TEST_CASE("frames arrive in their order, also those that do not fit into the socket at once", "[isolation][unit]") {
    Stage stage;
    const std::string large(3 << 20, 'l');
    stage.send(*stage.left, "first");
    stage.send(*stage.left, large);
    stage.send(*stage.left, "last");
    CHECK(stage.left->queued_bytes() > large.size());
    REQUIRE(stage.run_until([&] { return stage.right_got.frames.size() == 3; }));
    CHECK(stage.right_got.frames[0] == "first");
    CHECK(stage.right_got.frames[1] == large);
    CHECK(stage.right_got.frames[2] == "last");
    CHECK(stage.left->queued_bytes() == 0);
}

TEST_CASE("the end of the other side is told once, behind what it had sent", "[isolation][unit]") {
    Stage stage;
    stage.send(*stage.left, "last words");
    REQUIRE(stage.run_until([&] { return stage.left->queued_bytes() == 0; }));
    stage.left->close();
    REQUIRE(stage.run_until([&] { return stage.right_got.is_closed; }));
    CHECK(stage.right_got.frames == std::vector<std::string>{"last words"});
    CHECK(stage.right_got.breach.empty());
    CHECK_FALSE(stage.right->is_open());
    stage.send(*stage.right, "to nobody");
}

TEST_CASE("bytes that are no frame close the channel with the reason", "[isolation][unit]") {
    Stage stage;
    const std::string noise(64, '\xff');
    REQUIRE(::send(stage.right_socket, noise.data(), noise.size(), 0) == 64);
    REQUIRE(stage.run_until([&] { return stage.left_got.is_closed; }));
    CHECK(stage.left_got.breach.find("found a frame of") != std::string::npos);
}

TEST_CASE("who waits for an answer gets it, and what came before it comes afterwards", "[isolation][unit]") {
    Stage stage;
    stage.send(*stage.right, "before");
    stage.send(*stage.right, "answer");
    stage.send(*stage.right, "behind");
    REQUIRE(stage.run_until([&] { return stage.right->queued_bytes() == 0; }));
    stage.left_got.frames.clear();
    std::string answer;
    const bool is_answered = stage.left->wait_for([](const Frame& frame) { return frame.payload == "answer"; },
                                                  [&](const Frame& frame) { answer = frame.payload; }, 1000ms);
    CHECK(is_answered);
    CHECK(answer == "answer");
    REQUIRE(stage.run_until([&] { return stage.left_got.frames.size() == 2; }));
    CHECK(stage.left_got.frames == std::vector<std::string>{"before", "behind"});
}

TEST_CASE("who waits for an answer that does not come gives up", "[isolation][unit]") {
    Stage stage;
    CHECK_FALSE(stage.left->wait_for([](const Frame&) { return true; }, [](const Frame&) {}, 1ms));
    stage.right->close();
    CHECK_FALSE(stage.left->wait_for([](const Frame&) { return true; }, [](const Frame&) {}, 10'000ms));
}
