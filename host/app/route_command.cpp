#include "app/route_command.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iostream>

#include "app/installation.hpp"
#include "app/request_text.hpp"
#include "app/route_answer.hpp"
#include "app/route_question.hpp"
#include "net/command_client.hpp"

namespace sluice::app {

namespace {

using plugin::CommandOutcome;
using Words = std::vector<std::string>;

constexpr int kTaken = 0;
constexpr int kNotTaken = 1;
constexpr int kWrongArguments = 2;
constexpr std::chrono::seconds kTimeout{30};
constexpr std::size_t kMaxRequestBytes = 64 << 20;
constexpr std::string_view kStandardInput = "-";

CommandOutcome wrong(std::string_view what) {
    return {kWrongArguments, "", fmt::format("sluice route explain: {}\n", what)};
}

std::uint64_t monotonic_ns() {
    // The clock of the event loops.
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

CommandOutcome outcome_of(const RouteQuestion& question, const RouteSource& source) {
    const RouteAnswer answer = answer_of(question, source);
    return {answer.is_taken() ? kTaken : kNotTaken,
            question.is_json ? route_answer_json(answer) : route_answer_text(answer), ""};
}

Result<std::string> read_bounded(std::istream& input) {
    std::string text;
    std::array<char, 65536> piece;
    do {
        input.read(piece.data(), piece.size());
        text.append(piece.data(), static_cast<std::size_t>(input.gcount()));
    } while (input && text.size() <= kMaxRequestBytes);
    if (text.size() <= kMaxRequestBytes) return text;
    return Unexpected(fmt::format("found more than {} bytes, expected at most so many", kMaxRequestBytes));
}

Result<std::string> read_request_file(const std::string& name) {
    if (name == kStandardInput) return read_bounded(std::cin);
    std::ifstream file(name, std::ios::binary);
    // A folder can be opened, but not read.
    if (!file || std::filesystem::is_directory(name)) {
        return Unexpected<std::string>("found no file that can be read, expected one");
    }
    return read_bounded(file);
}

/// The words for the gateway: what stands in the file has become part of them.
Result<Words> with_file_read(RouteQuestion question, const config::Limits& limits) {
    if (question.request_file.empty()) return words_of(question);
    auto text = read_request_file(question.request_file);
    Result<void> taken = text ? take_request_text(*text, limits, question) : Unexpected(text.error());
    if (!taken) return Unexpected(fmt::format("--request {}: {}", question.request_file, taken.error()));
    return words_of(question);
}

CommandOutcome unjudged(const config::Problems& problems, const std::filesystem::path& config_file,
                        const std::filesystem::path& state) {
    std::string text;
    for (const config::Problem& problem : problems) text += config_file.string() + ": " + problem.text() + "\n";
    return {
        kNotTaken, "",
        text + fmt::format("sluice route explain: found no gateway on {} (state_dir) that listens on its admin.sock, "
                           "and a configuration that is not valid; expected one of both\n",
                           state.string())};
}

}  // namespace

CommandOutcome explain_route(const generation::Generation* serving, const Words& words) {
    auto question = read_route_question(words);
    if (!question) return wrong(question.error());
    if (!question->request_file.empty()) {
        return wrong("--request: found a file, expected what stands in it: the command reads it, not the gateway");
    }
    if (!serving) return {kNotTaken, "", "sluice: the gateway is stopping\n"};
    return outcome_of(*question, {*serving->router, serving->config, serving->number, monotonic_ns()});
}

CommandOutcome explain_route(const config::Config& config, const Words& words) {
    auto question = read_route_question(words);
    if (!question) return wrong(question.error());
    const routing::Router router(config, {}, nullptr);
    return outcome_of(*question, {router, config, 0, monotonic_ns()});
}

int run_route_command(const config::LoadResult& loaded, const std::filesystem::path& config_file,
                      const config::Environment& environment, const Words& words) {
    auto show = [](const CommandOutcome& outcome) {
        std::cout << outcome.output << std::flush;
        std::cerr << outcome.errors << std::flush;
        return outcome.exit_code;
    };
    auto question = read_route_question(words);
    if (!question) return show(wrong(question.error()));
    const config::Limits limits = loaded.config ? loaded.config->server.limits : config::Limits();
    auto complete = with_file_read(std::move(*question), limits);
    if (!complete) return show(wrong(complete.error()));
    // A file that cannot be read is the gateway's to judge, as for its other commands.
    const std::filesystem::path state = state_dir(
        loaded.config ? loaded.config->server.state_dir : config::guessed_state_dir(config_file), environment);
    if (auto outcome = net::run_in_gateway(state / "admin.sock", "route", *complete, kTimeout)) return show(*outcome);
    if (!loaded.config) return show(unjudged(loaded.problems, config_file, state));
    return show(explain_route(*loaded.config, *complete));
}

}  // namespace sluice::app
