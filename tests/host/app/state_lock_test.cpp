#include "app/state_lock.hpp"

#include "plugin/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <memory>

using sluice::app::StateInUse;
using sluice::app::StateLock;

TEST_CASE("a state folder is locked once, and free again afterwards", "[app][unit]") {
    const TemporaryFolder folder;
    auto lock = std::make_unique<StateLock>(folder.path() / "state");
    CHECK_THROWS_AS(StateLock(folder.path() / "state"), StateInUse);
    lock.reset();
    CHECK_NOTHROW(StateLock(folder.path() / "state"));
}
