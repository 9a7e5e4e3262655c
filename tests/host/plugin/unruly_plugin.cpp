// unruly.so: a plugin that breaks when and how it is told. What it does before create() is in the environment variable
// SLUICE_UNRULY, what its instances do in "breaks" of their configuration.
#include "sluice/cpp/plugin.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

void hang() {
    for (;;) pause();
}

// "SECRET=ENV": where this environment variable of the child has the configured secret, there is a leak.
void check_secret(std::string_view config) {
    std::FILE* const file = std::fopen("/proc/self/cmdline", "r");
    char words[4096] = {};
    const std::size_t count = file != nullptr ? std::fread(words, 1, sizeof words, file) : 0;
    if (file != nullptr) std::fclose(file);
    if (std::string_view(words, count).find("hunter2") != std::string_view::npos) throw sluice::Error("leak", "argv");
    for (char** variable = environ; *variable != nullptr; ++variable) {
        if (std::string_view(*variable).find("hunter2") != std::string_view::npos) throw sluice::Error("leak", "env");
    }
    if (config.find("hunter2") == std::string_view::npos) throw sluice::Error("leak", "the secret did not come");
}

void obey(std::string_view words, std::string_view config = {}) {
    if (words.find("crash") != std::string_view::npos) std::raise(SIGSEGV);
    if (words.find("exit") != std::string_view::npos) std::_Exit(3);
    if (words.find("hang") != std::string_view::npos) hang();
    if (words.find("throw") != std::string_view::npos) throw std::runtime_error("boom");
    if (words.find("talk") != std::string_view::npos) {
        std::fputs("the disk is on fire\n\n", stderr);
        std::raise(SIGABRT);
    }
    if (words.find("secret") != std::string_view::npos) check_secret(config);
}

struct Constructed {
    Constructed() {
        const char* const words = std::getenv("SLUICE_UNRULY");
        if (words != nullptr && std::string_view(words).find("in destructor") != std::string_view::npos) {
            is_late = true;
        } else if (words != nullptr) {
            obey(words);
        }
    }
    ~Constructed() {
        if (is_late) std::raise(SIGSEGV);
    }
    bool is_late = false;
};
const Constructed constructed;

class Unruly : public sluice::CompletionBackend {
public:
    static constexpr std::string_view kConfigSchema =
        R"({"type":"object","additionalProperties":false,"properties":{)"
        R"("breaks":{"type":"string"},"key":{"type":"string","x-secret":true}}})";

    Unruly(sluice::Host host, std::string_view config) : config_(config) {
        if (config.find("probed") != std::string_view::npos && !host.is_probe()) {
            throw sluice::Error("invalid_value", "is no probe");
        }
        if (config.find("refuse") != std::string_view::npos) {
            throw sluice::Error("invalid_value", "upstream: found nothing, expected a URL");
        }
        if (config.find("late") == std::string_view::npos) obey(config, config);
    }
    ~Unruly() {
        if (config_.find("late") != std::string::npos) obey(config_);
    }

    void complete(const sluice::Request&, sluice::Completion& completion) override { completion.write("yes"); }
    void complete_stream(const sluice::Request&, sluice::CompletionStream& stream) override { stream.write("yes"); }
    void models(sluice::ModelList& list) override { list.add("unruly", "sluice"); }

private:
    const std::string config_;
};

}  // namespace

SLUICE_PLUGIN("unruly", "0.1.0", Unruly)
