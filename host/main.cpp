#include <Poco/Exception.h>
#include <Poco/Util/ServerApplication.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>

#include "app/command_line.hpp"
#include "app/gateway.hpp"
#include "app/installation.hpp"
#include "app/plugin_command.hpp"
#include "config/loader.hpp"
#include "observability/log.hpp"

namespace {

using namespace sluice;

constexpr int kCannotStart = 1;

/// The daemon part: POCO's application waits for the signal to end.
class Daemon final : public Poco::Util::ServerApplication {
public:
    Daemon(const config::Config& config, const config::Environment& environment)
        : config_(config), environment_(environment) {}

protected:
    // POCO's application swallows what its main() throws: the reason is kept for the caller.
    int main(const std::vector<std::string>&) override {
        try {
            app::Gateway gateway(config_, environment_);
            waitForTerminationRequest();
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
    const config::Config& config_;
    const config::Environment& environment_;
};

/// Before any thread exists, so that all inherit it: signals wait for the one thread that asks for them.
void prepare_process() {
    sigset_t waiting;
    sigemptyset(&waiting);
    for (int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) sigaddset(&waiting, signal);
    pthread_sigmask(SIG_BLOCK, &waiting, nullptr);
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

observability::LogConfig log_config(const config::Log& log) {
    observability::LogConfig result;
    constexpr observability::LogLevel kLevels[] = {observability::LogLevel::kFatal, observability::LogLevel::kError,
                                                   observability::LogLevel::kWarn,  observability::LogLevel::kInfo,
                                                   observability::LogLevel::kDebug, observability::LogLevel::kTrace,
                                                   observability::LogLevel::kSilent};
    result.level = kLevels[static_cast<int>(log.level)];
    bool is_json = log.format == config::LogFormat::kJson;
    result.format = is_json ? observability::LogFormat::kJson : observability::LogFormat::kPretty;
    result.has_access_log = log.access;
    return result;
}

int check(const config::Config& config, const config::Environment& environment, const std::string& file) {
    std::vector<std::string> problems = app::check_generation(config, environment);
    for (const std::string& problem : problems) std::cerr << file << ": " << problem << '\n';
    if (problems.empty()) std::cout << file << ": ok\n";
    return problems.empty() ? 0 : kCannotStart;
}

int serve(const config::Config& config, const config::Environment& environment, char* program) {
    observability::start_log(log_config(config.log));
    Daemon daemon(config, environment);
    int code = daemon.run(std::vector<std::string>{program});
    return daemon.reason.empty() ? (observability::stop_log(), code) : fail(daemon.reason);
}

}  // namespace

int main(int count, char** arguments) {
    prepare_process();
    int exit_code = 0;
    auto command = app::parse_command_line(count, arguments, exit_code);
    if (!command) return exit_code;
    std::filesystem::path file = command->config_file.empty() ? app::default_config_file() : command->config_file;
    try {
        config::Environment environment = config::Environment::of_process();
        config::LoadResult loaded = config::load_file(file, environment);
        for (const config::Problem& problem : loaded.problems) {
            std::cerr << file.string() << ": " << problem.text() << '\n';
        }
        if (!loaded.config) return kCannotStart;
        if (command->command == app::Command::kCheck) return check(*loaded.config, environment, file.string());
        if (command->command == app::Command::kPlugin) {
            return app::run_plugin_command(*loaded.config, environment, command->plugin_command, command->arguments);
        }
        return serve(*loaded.config, environment, arguments[0]);
    } catch (const Poco::Exception& error) {
        return fail(error.displayText());
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}
