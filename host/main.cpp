#include <Poco/Exception.h>
#include <Poco/Util/ServerApplication.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>
#include <string_view>

#include "app/command_line.hpp"
#include "app/gateway.hpp"
#include "app/gateway_command.hpp"
#include "app/installation.hpp"
#include "app/log_settings.hpp"
#include "app/plugin_command.hpp"
#include "app/plugin_process.hpp"
#include "app/plugin_tool.hpp"
#include "app/plugin_trial.hpp"
#include "app/probe_command.hpp"
#include "app/route_command.hpp"
#include "config/loader.hpp"
#include "observability/log.hpp"
#include "plugin/probe_wire.hpp"

namespace {

using namespace sluice;

constexpr int kCannotStart = 1;

sigset_t waited_signals() {
    sigset_t waiting;
    sigemptyset(&waiting);
    for (int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) sigaddset(&waiting, signal);
    return waiting;
}

/// The daemon part around the gateway.
class Daemon final : public Poco::Util::ServerApplication {
public:
    explicit Daemon(const app::Start& start) : start_(start) {}

protected:
    // POCO's application swallows what its main() throws: the reason is kept for the caller.
    int main(const std::vector<std::string>&) override {
        try {
            app::Gateway gateway(start_);
            wait_for_the_end(gateway);
            if (gateway.stop()) return EXIT_OK;
            observability::stop_log();
            _exit(EXIT_OK);
        } catch (const Poco::Exception& error) {
            reason = error.displayText();
        } catch (const std::exception& error) {
            reason = error.what();
        }
        return kCannotStart;
    }

public:
    std::string reason;  ///< why it could not start; empty if it did

private:
    /// SIGHUP asks for a reload, the others for the end.
    static void wait_for_the_end(app::Gateway& gateway) {
        sigset_t waiting = waited_signals();
        for (int signal = 0; sigwait(&waiting, &signal) == 0 && signal == SIGHUP;) gateway.request_reload("SIGHUP");
    }

    const app::Start start_;
};

/// Before any thread exists, so that all inherit it: signals wait for the one thread that asks for them. A command does
/// without: it ends at Ctrl-C.
void block_waited_signals() {
    sigset_t waiting = waited_signals();
    pthread_sigmask(SIG_BLOCK, &waiting, nullptr);
}

void prepare_process() {
    signal(SIGPIPE, SIG_IGN);
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int fail(const std::string& reason) {
    observability::stop_log();
    std::cerr << "sluice: " << reason << '\n';
    return kCannotStart;
}

int check(const config::Config& config, const config::Environment& environment, const std::string& file) {
    std::vector<std::string> problems = app::check_generation(config, environment);
    for (const std::string& problem : problems) std::cerr << file << ": " << problem << '\n';
    if (problems.empty()) std::cout << file << ": ok\n";
    return problems.empty() ? 0 : kCannotStart;
}

int serve(const app::Start& start, char* program) {
    observability::start_log(app::log_config_of(start.loaded.config->log));
    Daemon daemon(start);
    int code = daemon.run(std::vector<std::string>{program});
    return daemon.reason.empty() ? (observability::stop_log(), code) : fail(daemon.reason);
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view mode = count == 2 ? arguments[1] : "";
    if (mode == plugin::kProbeMode) app::run_probe_command();
    if (mode == app::kCheckMode || mode == app::kBenchMode) app::run_trial_child(mode);
    prepare_process();
    if (app::is_plugin_process(count, arguments)) {
        // Ctrl-C is for the gateway, which ends this process when its calls have ended.
        block_waited_signals();
        return app::run_plugin_process(count, arguments);
    }
    int exit_code = 0;
    auto command = app::parse_command_line(count, arguments, exit_code);
    if (!command) return exit_code;
    if (command->command == app::Command::kServe) block_waited_signals();
    if (command->command == app::Command::kPluginTool) return app::run_plugin_tool(command->arguments);
    std::filesystem::path file = command->config_file.empty() ? app::default_config_file() : command->config_file;
    try {
        config::Environment environment = config::Environment::of_process();
        config::LoadResult loaded = config::load_file(file, environment);
        if (command->command == app::Command::kRoute) {
            return app::run_route_command(loaded, file, environment, command->arguments);
        }
        if (command->command == app::Command::kGateway) {
            // A file that cannot be read is the gateway's to judge: it names the problems and goes on.
            std::string state = loaded.config ? loaded.config->server.state_dir : config::guessed_state_dir(file);
            return app::run_gateway_command(state, environment, command->name, command->arguments);
        }
        for (const config::Problem& problem : loaded.problems) {
            std::cerr << file.string() << ": " << problem.text() << '\n';
        }
        if (!loaded.config) return kCannotStart;
        if (command->command == app::Command::kCheck) return check(*loaded.config, environment, file.string());
        if (command->command == app::Command::kPlugin) {
            return app::run_plugin_command(*loaded.config, environment, command->name, command->arguments);
        }
        const std::filesystem::path absolute_file = std::filesystem::absolute(file);
        return serve({absolute_file, loaded, environment}, arguments[0]);
    } catch (const Poco::Exception& error) {
        return fail(error.displayText());
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}
