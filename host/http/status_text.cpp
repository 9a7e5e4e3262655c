#include "http/status_text.hpp"

#include <array>
#include <string>

namespace sluice::http {

namespace {

struct Reason {
    int status;
    std::string_view phrase;
};

constexpr std::array kReasons{
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{304, "Not Modified"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{402, "Payment Required"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{416, "Range Not Satisfiable"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{425, "Too Early"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{451, "Unavailable For Legal Reasons"},
    Reason{499, "Client Closed Request"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{529, "Overloaded"},
};

constexpr std::array<std::string_view, 5> kClassPhrases{"Informational", "Success", "Redirection", "Client Error",
                                                        "Server Error"};

/// All lines from 100 to 599, made once: a status line is written with every answer.
class StatusLines {
public:
    StatusLines() {
        for (int status = 100; status < 600; ++status) {
            lines_[index(status)] = std::to_string(status) + ' ' + std::string(kClassPhrases[index(status) / 100]);
        }
        for (const Reason& reason : kReasons) {
            lines_[index(reason.status)] = std::to_string(reason.status) + ' ' + std::string(reason.phrase);
        }
    }
    std::string_view at(int status) const { return lines_[index(status)]; }

private:
    static std::size_t index(int status) { return static_cast<std::size_t>(status - 100); }
    std::array<std::string, 500> lines_;
};

}  // namespace

std::string_view status_line_text(int status) noexcept {
    static const StatusLines lines;
    return lines.at(status < 100 || status > 599 ? 500 : status);
}

}  // namespace sluice::http
