// A Redis server of a test's own.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "config/config.hpp"

namespace sluice::store::test {

/// Starts redis-server on a free port of the loopback interface, without persistence, and kills it at its end.
class RedisServer {
public:
    explicit RedisServer(std::vector<std::string> options = {}) : options_(std::move(options)), port_(free_port()) {
        std::string folder = (std::filesystem::temp_directory_path() / "sluice-redis-XXXXXX").string();
        if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
        folder_ = folder;
        start();
    }
    ~RedisServer() {
        kill();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    config::Redis config() const {
        config::Redis config;
        config.host = "127.0.0.1";
        config.port = port_;
        return config;
    }
    void start() {
        std::vector<std::string> words{"redis-server", "--port",    std::to_string(port_), "--bind", "127.0.0.1",
                                       "--save",       "",          "--appendonly",        "no",     "--dir",
                                       folder_,        "--logfile", folder_ + "/log"};
        words.insert(words.end(), options_.begin(), options_.end());
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        process_ = fork();
        if (process_ == 0) {
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, nullptr);
            execvp(arguments[0], arguments.data());
            _exit(127);
        }
        wait_until_listening();
    }
    void kill() {
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
        process_ = 0;
    }
    void pause() const { ::kill(process_, SIGSTOP); }
    void go_on() const { ::kill(process_, SIGCONT); }

private:
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }
    static std::uint16_t free_port() {
        const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        const bool is_bound = bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                              getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
        close(descriptor);
        if (!is_bound) throw std::runtime_error("no free port");
        return ntohs(address.sin_port);
    }
    void wait_until_listening() const {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (std::chrono::steady_clock::now() < limit) {
            const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const sockaddr_in address = loopback(port_);
            const bool is_up = connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
            close(descriptor);
            if (is_up) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        throw std::runtime_error("redis-server did not start; is it installed?");
    }

    const std::vector<std::string> options_;
    const std::uint16_t port_;
    std::string folder_;
    pid_t process_ = 0;
};

}  // namespace sluice::store::test
