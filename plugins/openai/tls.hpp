// TLS towards the upstream, by OpenSSL directly.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::openai {

template <auto Free>
struct OpenSslDeleter {
    template <typename T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

using SslPtr = std::unique_ptr<SSL, OpenSslDeleter<SSL_free>>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, OpenSslDeleter<SSL_SESSION_free>>;

enum class IoStatus {
    kOk,
    kWouldBlock,
    kClosed,  // the peer ended its side in order
    kFailed
};

struct IoResult {
    IoStatus status;
    std::size_t bytes = 0;
};

// The last session of an upstream that can be resumed. One per loop.
struct TlsSessionCache {
    SslSessionPtr session;
};

// What all connections of an instance have in common. Immutable after open(). [any-thread]
class TlsContext {
public:
    // `host` is the name or literal address the certificate has to be for. `ca_file` empty: the system's store.
    // On failure returns NULL and says why in `problem`.
    static std::unique_ptr<TlsContext> open(const std::string& host, const std::string& ca_file, std::string& problem);

    // A client session over the connected socket, which stays the caller's. `cache` outlives it. NULL without memory.
    SslPtr new_session(int fd, TlsSessionCache& cache) const;

private:
    TlsContext() = default;
    static int keep_session(SSL* ssl, SSL_SESSION* session) noexcept;

    std::unique_ptr<SSL_CTX, OpenSslDeleter<SSL_CTX_free>> context_;
    std::unique_ptr<BIO_METHOD, OpenSslDeleter<BIO_meth_free>> socket_method_;
    std::string host_;
    bool is_literal_ = false;
};

enum class HandshakeStep { kDone, kWantsRead, kWantsWrite, kFailed };

// Goes on with the handshake. On kFailed `problem` says why ("certificate has expired").
HandshakeStep continue_handshake(SSL* ssl, std::string& problem);

IoResult tls_receive(SSL* ssl, char* into, std::size_t capacity);
IoResult tls_send(SSL* ssl, std::string_view bytes);

}  // namespace sluice::openai
