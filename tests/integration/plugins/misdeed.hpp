// What an unruly plugin is to do in one exchange: the request's header "X-Unruly: WHERE WHAT" says so.
#pragma once

#include "sluice/cpp/error.hpp"

#include <chrono>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

struct Misdeed {
    std::string where;
    std::string what;

    static Misdeed of(std::string_view header) {
        const std::size_t blank = header.find(' ');
        if (blank == std::string_view::npos) return {std::string(header), ""};
        return {std::string(header.substr(0, blank)), std::string(header.substr(blank + 1))};
    }

    // Does it, if this is the place.
    void at(std::string_view place) const {
        if (where != place) return;
        if (what == "exception") throw std::runtime_error("words that no client must see");
        if (what == "bad_alloc") throw std::bad_alloc();
        if (what == "int") throw 7;
        if (what == "error") throw sluice::Error("upstream_error", "the upstream is down");
        if (what.rfind("hang", 0) == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(what.c_str() + 4)));
        }
    }
};
