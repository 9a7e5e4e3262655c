#include "net/cold_request.hpp"

#include <Poco/Exception.h>

namespace sluice::net {

http::Answer ColdResponse::answer() const {
    http::Answer answer;
    answer.status = static_cast<int>(getStatus());
    answer.content_type = getContentType() == UNKNOWN_CONTENT_TYPE ? std::string() : getContentType();
    answer.body = body_.str();
    for (const auto& [name, value] : *this) {
        if (name != CONTENT_TYPE && name != CONTENT_LENGTH) answer.headers.emplace_back(name, value);
    }
    return answer;
}

std::ostream& ColdResponse::send() {
    is_sent_ = true;
    return body_;
}

void ColdResponse::sendFile(const std::string&, const std::string&) {
    throw Poco::NotImplementedException("the cold routes serve no files");
}

void ColdResponse::sendBuffer(const void* bytes, std::size_t length) {
    send().write(static_cast<const char*>(bytes), static_cast<std::streamsize>(length));
}

void ColdResponse::redirect(const std::string& uri, HTTPStatus status) {
    setStatusAndReason(status);
    set("Location", uri);
    is_sent_ = true;
}

void ColdResponse::requireAuthentication(const std::string& realm) {
    setStatusAndReason(HTTP_UNAUTHORIZED);
    set("WWW-Authenticate", "Bearer realm=\"" + realm + "\"");
}

ColdRequest::ColdRequest(const http::Request& request, ColdResponse& response)
    : response_(response),
      body_(std::string(request.body())),
      client_(request.client_address, 0),
      params_(new Poco::Net::HTTPServerParams) {
    setMethod(std::string(request.method));
    setURI(std::string(request.target));
    setVersion(request.is_http_1_0 ? HTTP_1_0 : HTTP_1_1);
    for (const sluice_header& field : request.headers) {
        add(std::string(http::view(field.name)), std::string(http::view(field.value)));
    }
}

}  // namespace sluice::net
