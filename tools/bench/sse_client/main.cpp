// Opens many streams at once, reads them to their end, and prints a line of JSON about each phase.
#include <cstdio>

#include "sse_client/load_options.hpp"
#include "sse_client/stream_load.hpp"
#include "wire/file_descriptor.hpp"

int main(int argc, char** argv) {
    using namespace sluice::bench;
    const LoadOptions options = read_load_options(argc, argv);
    raise_descriptor_limit();
    for (const LoadReport& report : StreamLoad(options).run()) std::printf("%s\n", report.as_json().c_str());
    return 0;
}
