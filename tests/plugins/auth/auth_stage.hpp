// A gateway's side of the plugin, for tests: requests and commands, with the store in the test's hands.
#pragma once

#include "sluice/cpp/exchange.hpp"
#include "sluice/ext/command.h"
#include "sluice/plugin.h"
#include "sluice/testing/fake_exchange.hpp"
#include "sluice/testing/fake_host.hpp"
#include "sluice/testing/loaded_instance.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

using testing::FakeExchange;
using testing::FakeHost;
using testing::FakeRequest;

// What became of one request.
struct Judged {
    Verdict verdict = Verdict::kContinue;
    std::string code;
    std::string message;
    std::string id;
    std::unique_ptr<FakeExchange> exchange;
};

struct CommandResult {
    int exit_code = -1;
    std::string output;
    std::string errors;
};

// One instance. Several on one host are gateways that share a store and a folder.
class AuthStage {
public:
    explicit AuthStage(FakeHost& host, std::string_view config = "{}")
        : host_(host),
          instance_(host, testing::table_of<sluice_middleware_api>(sluice_plugin_query(1, 0), SLUICE_MIDDLEWARE_ID),
                    config) {}

    // Everything up to the backend, then the end.
    Judged judge(FakeRequest request) {
        Judged judged = begin(std::move(request));
        finish(judged);
        return judged;
    }
    Judged judge_key(std::string_view key) { return judge(with_key(key)); }

    static FakeRequest with_key(std::string_view key) {
        return FakeRequest::chat("gpt-4o", "hello").set_header("Authorization", "Bearer " + std::string(key));
    }

    // on_head alone, without waiting for a pending verdict.
    Judged begin(FakeRequest request) {
        Judged judged;
        judged.exchange = std::make_unique<FakeExchange>(host_, std::move(request));
        judged.exchange->enter(FakeExchange::Phase::kHead);
        judged.verdict = static_cast<Verdict>(instance_.table().on_head(
            instance_.handle(), judged.exchange->slot(), judged.exchange->raw(), &FakeExchange::table()));
        return judged;
    }
    void finish(Judged& judged) {
        FakeExchange& exchange = *judged.exchange;
        judged.verdict = static_cast<Verdict>(exchange.settle(static_cast<sluice_verdict>(judged.verdict)));
        if (judged.verdict == Verdict::kContinue) {
            exchange.enter(FakeExchange::Phase::kRequest);
            judged.verdict = static_cast<Verdict>(exchange.settle(instance_.table().on_request(
                instance_.handle(), exchange.slot(), exchange.raw(), &FakeExchange::table())));
        }
        if (exchange.error()) {
            judged.code = exchange.error()->code;
            judged.message = exchange.error()->message;
        }
        judged.id = exchange.attribute("key.id");
        sluice_summary summary{};
        summary.struct_size = sizeof(summary);
        instance_.table().on_complete(instance_.handle(), *exchange.slot(), &summary);
        *exchange.slot() = nullptr;
    }

    CommandResult run(const std::vector<std::string>& words) {
        const auto& table = testing::table_of<sluice_command_api>(sluice_plugin_query(1, 0), SLUICE_COMMAND_ID);
        std::vector<sluice_str> arguments;
        for (const std::string& word : words) arguments.push_back(to_str(word));
        CommandResult result;
        const auto put = [](void* to, sluice_str text) noexcept { *static_cast<std::string*>(to) += to_view(text); };
        host_.run_on_main_thread([&] {
            result.exit_code = table.run(instance_.handle(), arguments.data(), arguments.size(), {&result.output, put},
                                         {&result.errors, put});
        });
        return result;
    }
    // A key made by `create`, with `options` beside its name.
    std::string create(const std::vector<std::string>& options = {}) {
        std::vector<std::string> words = {"create", "--name", "alice"};
        words.insert(words.end(), options.begin(), options.end());
        return run(words).output.substr(0, 55);
    }
    // The id of the only key whose owner is `owner`, or of the only one.
    std::string only_id() {
        const std::string json = run({"list", "--json"}).output;
        return json.substr(json.find("key_"), 20);
    }
    bool is_guarding() { return instance_.table().is_guarding(instance_.handle()) != 0; }

private:
    FakeHost& host_;
    testing::LoadedInstance<sluice_middleware_api, sluice_middleware> instance_;
};

}  // namespace sluice::auth
