#include "tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>

namespace sluice::openai {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE in a process that did not ask for it.
int bio_write(BIO* bio, const char* bytes, int size) noexcept {
    int fd = -1;
    BIO_get_fd(bio, &fd);
    BIO_clear_retry_flags(bio);
    const ssize_t sent = send(fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int capacity) noexcept {
    int fd = -1;
    BIO_get_fd(bio, &fd);
    BIO_clear_retry_flags(bio);
    const ssize_t received = recv(fd, into, static_cast<std::size_t>(capacity), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(received);
}

long bio_control(BIO* bio, int command, long number, void* pointer) noexcept {
    switch (command) {
        case BIO_C_SET_FD:
            BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(*static_cast<int*>(pointer))));
            BIO_set_init(bio, 1);
            return 1;
        case BIO_C_GET_FD: {
            const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
            if (pointer != nullptr) *static_cast<int*>(pointer) = fd;
            return fd;
        }
        case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
        case BIO_CTRL_FLUSH: return 1;
        default: return number * 0;
    }
}

BIO_METHOD* new_socket_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice socket");
    if (method == nullptr) return nullptr;
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
}

bool is_literal_address(const std::string& host) {
    in6_addr address;
    return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string last_error() {
    const unsigned long code = ERR_peek_last_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "the connection was closed" : reason;
}

IoResult io_failure(SSL* ssl, int result) {
    switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return {IoStatus::kWouldBlock};
        case SSL_ERROR_ZERO_RETURN: return {IoStatus::kClosed};
        default: return {IoStatus::kFailed};
    }
}

}  // namespace

std::unique_ptr<TlsContext> TlsContext::open(const std::string& host, const std::string& ca_file,
                                             std::string& problem) {
    ERR_clear_error();
    std::unique_ptr<TlsContext> self(new TlsContext);
    self->host_ = host;
    self->is_literal_ = is_literal_address(host);
    self->socket_method_.reset(new_socket_method());
    self->context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const context = self->context_.get();
    if (context == nullptr || self->socket_method_ == nullptr) {
        problem = "TLS cannot be set up: " + last_error();
        return nullptr;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, &TlsContext::keep_session);
    const bool has_store = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                           : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) == 1;
    if (!has_store) {
        problem = "ca_file: no certificates can be read from '" + ca_file + "': " + last_error();
        return nullptr;
    }
    return self;
}

SslPtr TlsContext::new_session(int fd, TlsSessionCache& cache) const {
    SslPtr ssl(SSL_new(context_.get()));
    BIO* const bio = ssl == nullptr ? nullptr : BIO_new(socket_method_.get());
    if (bio == nullptr) return nullptr;
    BIO_set_fd(bio, fd, BIO_NOCLOSE);
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_app_data(ssl.get(), &cache);
    static constexpr unsigned char kHttp11[] = "\x08http/1.1";
    SSL_set_alpn_protos(ssl.get(), kHttp11, sizeof(kHttp11) - 1);
    if (is_literal_) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host_.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl.get(), host_.c_str());
        SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        SSL_set1_host(ssl.get(), host_.c_str());
    }
    // A ticket is used once (RFC 8446, C.4); the server sends new ones.
    if (const SslSessionPtr session = std::move(cache.session)) SSL_set_session(ssl.get(), session.get());
    SSL_set_connect_state(ssl.get());
    return ssl;
}

int TlsContext::keep_session(SSL* ssl, SSL_SESSION* session) noexcept {
    auto* const cache = static_cast<TlsSessionCache*>(SSL_get_app_data(ssl));
    if (cache == nullptr || SSL_SESSION_is_resumable(session) != 1) return 0;
    cache->session.reset(session);
    return 1;  // the reference is ours now
}

HandshakeStep continue_handshake(SSL* ssl, std::string& problem) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl);
    if (result == 1) return HandshakeStep::kDone;
    switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_WANT_READ: return HandshakeStep::kWantsRead;
        case SSL_ERROR_WANT_WRITE: return HandshakeStep::kWantsWrite;
        default: break;
    }
    const long verdict = SSL_get_verify_result(ssl);
    problem = verdict == X509_V_OK
                  ? last_error()
                  : std::string("its certificate was refused: ") + X509_verify_cert_error_string(verdict);
    return HandshakeStep::kFailed;
}

IoResult tls_receive(SSL* ssl, char* into, std::size_t capacity) {
    ERR_clear_error();
    std::size_t filled = 0;
    // A record is 16 KB at most, and what OpenSSL holds back is invisible to the loop: read until it has none.
    while (filled < capacity) {
        std::size_t received = 0;
        const int result = SSL_read_ex(ssl, into + filled, capacity - filled, &received);
        if (result == 1) {
            filled += received;
            continue;
        }
        if (filled > 0) break;
        return io_failure(ssl, result);
    }
    return {IoStatus::kOk, filled};
}

IoResult tls_send(SSL* ssl, std::string_view bytes) {
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(ssl, bytes.data(), bytes.size(), &sent);
    return result == 1 ? IoResult{IoStatus::kOk, sent} : io_failure(ssl, result);
}

}  // namespace sluice::openai
