// A line as the record reader wants it.
#pragma once

#include <string>
#include <string_view>

#include "process/cli_record.hpp"

namespace sluice::claude_code {

// Readable bytes follow the line, as they do in the buffer of a process.
class PaddedLine {
public:
    explicit PaddedLine(std::string_view line) : line_length_(line.size()), bytes_(line) {
        bytes_.append(CliRecordReader::kPadding, '\0');
    }
    std::string_view text() const { return std::string_view(bytes_).substr(0, line_length_); }

private:
    std::size_t line_length_;
    std::string bytes_;
};

}  // namespace sluice::claude_code
