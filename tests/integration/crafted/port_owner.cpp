// A backend that owns a TCP port, which only one instance can have: what sluice.quiesce/1 is for. PORT_OWNER_PORT is
// the port and PORT_OWNER_NAME the name it answers with; PORT_OWNER_REFUSES cannot be made, PORT_OWNER_CLINGS never
// lets go.
#include "sluice/cpp/plugin.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

class Listener {
public:
    Listener() = default;
    ~Listener() { close(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Without SO_REUSEADDR and its like: a second one fails.
    void open() {
        descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(PORT_OWNER_PORT);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(descriptor_, 16) != 0) {
            const std::string reason = std::strerror(errno);
            close();
            throw std::runtime_error("port " + std::to_string(PORT_OWNER_PORT) + ": " + reason);
        }
    }
    void close() {
        if (descriptor_ >= 0) {
            ::close(std::exchange(descriptor_, -1));
        }
    }
    bool is_open() const { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

class PortOwner : public sluice::CompletionBackend {
public:
    explicit PortOwner(sluice::Host host) {
        if (host.is_probe()) {
            return;
        }
        listener_.open();
#ifdef PORT_OWNER_REFUSES
        throw std::runtime_error("it has the port and wants more");
#endif
    }

    void quiesce() {
#ifdef PORT_OWNER_CLINGS
        throw std::runtime_error("it clings to the port");
#endif
        listener_.close();
    }
    void resume() { listener_.open(); }

    void complete(const sluice::Request&, sluice::Completion& completion) override {
        completion.write(listener_.is_open() ? PORT_OWNER_NAME " has the port" : PORT_OWNER_NAME " has no port");
    }
    void complete_stream(const sluice::Request&, sluice::CompletionStream& stream) override {
        stream.write(PORT_OWNER_NAME);
    }

private:
    Listener listener_;
};

}  // namespace

SLUICE_PLUGIN("port_owner", "1.0.0", PortOwner)
