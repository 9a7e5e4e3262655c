#include "routing/model_catalog.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>

#include "listing_backend.hpp"

using namespace sluice;
using namespace sluice::test;
using routing::ModelCatalog;

namespace {

/// Two backends that both list "shared".
struct Stage {
    Workshop workshop;
    ListingBackend first{{"a", "shared"}}, second{{"b", "shared"}};
    ModelCatalog::Backends backends{workshop.backend("first", first), workshop.backend("second", second)};
    ModelCatalog catalog{backends, asking_at_once()};

    std::string listing() const {
        std::string text;
        for (const auto& entry : catalog.entries()) text += entry.model.id + "@" + entry.backend + " ";
        return text;
    }
    int refresh() {
        int done = 0;
        catalog.refresh([&] { ++done; });
        return done;
    }
};

}  // namespace

TEST_CASE("a catalog knows nothing until it is refreshed", "[routing][unit]") {
    Stage stage;
    CHECK(stage.catalog.is_stale());
    CHECK(stage.listing().empty());
    CHECK(stage.catalog.only_backend_of("a") == nullptr);
    CHECK(stage.refresh() == 1);
    CHECK_FALSE(stage.catalog.is_stale());
}

TEST_CASE("every model is listed once, for the first backend that has it", "[routing][unit]") {
    Stage stage;
    stage.refresh();
    CHECK(stage.listing() == "a@first shared@first b@second ");
}

TEST_CASE("a model belongs to a backend if no other lists it", "[routing][unit]") {
    Stage stage;
    stage.refresh();
    CHECK(stage.catalog.only_backend_of("a") == stage.backends[0].get());
    CHECK(stage.catalog.only_backend_of("b") == stage.backends[1].get());
    CHECK(stage.catalog.only_backend_of("shared") == nullptr);
    CHECK(stage.catalog.only_backend_of("unknown") == nullptr);
    CHECK(stage.catalog.only_backend_of("") == nullptr);
}

TEST_CASE("a model listed twice by the same backend is still that backend's", "[routing][unit]") {
    Stage stage;
    stage.first.list = {"a", "a"};
    stage.refresh();
    CHECK(stage.catalog.only_backend_of("a") == stage.backends[0].get());
    CHECK(stage.listing() == "a@first b@second shared@second ");
}

TEST_CASE("a backend that cannot be asked keeps its last good list", "[routing][unit]") {
    Stage stage;
    stage.refresh();
    stage.first.is_failing = true;
    stage.first.list = {"partial"};
    stage.refresh();
    CHECK(stage.listing() == "a@first shared@first b@second ");
    stage.first.is_failing = false;
    stage.refresh();
    CHECK(stage.listing() == "partial@first b@second shared@second ");
    CHECK(stage.catalog.only_backend_of("shared") == stage.backends[1].get());
}

TEST_CASE("a refresh that is under way is joined and told to all who wait", "[routing][unit]") {
    Stage stage;
    stage.second.is_holding = true;
    int done = 0;
    stage.catalog.refresh([&] { done += 1; });
    stage.catalog.refresh([&] { done += 10; });
    CHECK(done == 0);
    CHECK(stage.second.times_asked == 1);
    stage.second.answer_later();
    CHECK(done == 11);
    stage.second.is_holding = false;
    CHECK(stage.refresh() == 1);
    CHECK(stage.second.times_asked == 2);
}

TEST_CASE("a catalog may be gone before its backends have answered", "[routing][unit]") {
    Stage stage;
    stage.first.is_holding = true;
    int done = 0;
    {
        ModelCatalog short_lived(stage.backends, asking_at_once());
        short_lived.refresh([&] { ++done; });
    }
    stage.first.answer_later();
    CHECK(done == 1);
}

TEST_CASE("two catalogs on one thread do not mix up their lists", "[routing][unit]") {
    Stage stage;
    ModelCatalog other({stage.backends[1]}, asking_at_once());
    stage.refresh();
    other.refresh([] {});
    for (int i = 0; i < 3; ++i) {
        CHECK(stage.catalog.only_backend_of("shared") == nullptr);
        CHECK(other.only_backend_of("shared") == stage.backends[1].get());
    }
}

TEST_CASE("every thread sees a new list", "[routing][unit]") {
    Stage stage;
    stage.refresh();
    std::thread([&] { CHECK(stage.catalog.only_backend_of("new") == nullptr); }).join();
    CHECK(stage.catalog.only_backend_of("new") == nullptr);
    stage.first.list.push_back("new");
    stage.refresh();
    CHECK(stage.catalog.only_backend_of("new") == stage.backends[0].get());
    std::thread([&] { CHECK(stage.catalog.only_backend_of("new") == stage.backends[0].get()); }).join();
}

TEST_CASE("a catalog names everybody who lists a model", "[routing][unit]") {
    Stage stage;
    CHECK(stage.catalog.listers_of("shared").empty());
    stage.refresh();
    CHECK(stage.catalog.listers_of("shared") == std::vector<std::string>{"first", "second"});
    CHECK(stage.catalog.listers_of("b") == std::vector<std::string>{"second"});
    CHECK(stage.catalog.listers_of("x").empty());
}
