#include "http/status_text.hpp"

#include <catch2/catch.hpp>

#include "http/error_table.hpp"

using sluice::http::status_line_text;

TEST_CASE("known statuses have their phrase of RFC 9110", "[http][unit]") {
    CHECK(status_line_text(200) == "200 OK");
    CHECK(status_line_text(404) == "404 Not Found");
    CHECK(status_line_text(413) == "413 Content Too Large");
    CHECK(status_line_text(504) == "504 Gateway Timeout");
}

TEST_CASE("unknown statuses have the phrase of their class", "[http][unit]") {
    CHECK(status_line_text(299) == "299 Success");
    CHECK(status_line_text(418) == "418 Client Error");
    CHECK(status_line_text(599) == "599 Server Error");
    CHECK(status_line_text(100) == "100 Informational");
}

TEST_CASE("what is no status at all becomes 500", "[http][unit]") {
    for (int status : {-1, 0, 99, 600, 1000}) CHECK(status_line_text(status) == "500 Internal Server Error");
}

TEST_CASE("every status of the error table has a phrase of its own", "[http][unit]") {
    for (const auto& row : sluice::http::error_table()) {
        CAPTURE(row.code);
        std::string_view text = status_line_text(row.status);
        CHECK(text.substr(4) != (row.status < 500 ? "Client Error" : "Server Error"));
    }
}
