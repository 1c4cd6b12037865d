#include "s2s/process.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace sallyport::bench {

double cpu_seconds(int pid) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields{text.substr(name_end + 1)};
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;  // state to cmajflt
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t resident_kb(int pid) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/smaps_rollup"};
    std::string word;
    while (file >> word) {
        std::uint64_t value = 0;
        if (word == "Rss:" && file >> value) return value;
    }
    return 0;
}

}  // namespace sallyport::bench
