// A backend that the tests build with another compiler and another standard library than the host's.
#include "sluice/cpp/chat_text.hpp"
#include "sluice/cpp/plugin.hpp"

#include <stdexcept>
#include <string>

#ifndef _LIBCPP_VERSION
#error "expected libc++: build this file with clang++ -stdlib=libc++"
#endif

namespace {

class ForeignBackend : public sluice::CompletionBackend {
public:
    void complete(const sluice::Request& request, sluice::Completion& completion) override {
        if (request.model() == "throw") {
            throw std::runtime_error("thrown by libc++");
        }
        completion.write("libc++ heard: " + sluice::last_user_text(request.body()).value_or("nothing"));
    }
};

}  // namespace

SLUICE_PLUGIN("foreign", "1.0.0", ForeignBackend)
