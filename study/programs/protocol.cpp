#include "protocol.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace study {
namespace {

std::runtime_error out_of_range(const std::string &name, const std::string &value,
                                const std::string &low, const std::string &high) {
    return std::runtime_error(name + "=" + value + " is not in " + low + ".." + high);
}

long parse_integer(const std::string &name, const std::string &value) {
    char *end = nullptr;
    errno = 0;
    const long result = std::strtol(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0' || errno != 0) {
        throw std::runtime_error(name + "=" + value + " is not an integer");
    }
    return result;
}

std::string format(double value, const char *pattern) {
    char text[32];
    std::snprintf(text, sizeof text, pattern, value);
    return text;
}

std::string to_line(const Answer &answer) {
    std::ostringstream line;
    line << "seconds=" << format(answer.timing.seconds, "%.6e")
         << " spread=" << format(answer.timing.spread, "%.4f")
         << " calls=" << answer.timing.calls;
    for (const auto &[name, value] : answer.facts) {
        line << " " << name << "=" << value;
    }
    return line.str();
}

/// An answer is one line, whatever the text of an error is.
std::string error_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return "error=" + text;
}

std::string answer_to(const std::string &line, const std::string &variant, const Program &program) {
    try {
        return to_line(program.serve(variant, Request(line)));
    } catch (const std::exception &error) {
        return error_line(error.what());
    }
}

std::string usage(const char *executable, const Program &program) {
    std::string text = std::string("usage: ") + executable;
    for (size_t i = 0; i < program.variants.size(); i++) {
        text += (i == 0 ? " " : "|") + program.variants[i];
    }
    return text + "\n";
}

}  // namespace

Request::Request(const std::string &line) {
    std::istringstream words(line);
    for (std::string word; words >> word;) {
        const size_t equals = word.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw std::runtime_error("'" + word + "' is not name=value");
        }
        values[word.substr(0, equals)] = word.substr(equals + 1);
    }
}

int Request::integer(const std::string &name, int low, int high) const {
    const auto found = values.find(name);
    if (found == values.end()) {
        throw std::runtime_error(name + " is missing");
    }
    const long value = parse_integer(name, found->second);
    if (value < low || value > high) {
        throw out_of_range(name, found->second, std::to_string(low), std::to_string(high));
    }
    return static_cast<int>(value);
}

int Request::integer(const std::string &name, int low, int high, int fallback) const {
    return has(name) ? integer(name, low, high) : fallback;
}

double Request::real(const std::string &name, double low, double high, double fallback) const {
    const auto found = values.find(name);
    if (found == values.end()) {
        return fallback;
    }
    char *end = nullptr;
    const double value = std::strtod(found->second.c_str(), &end);
    if (found->second.empty() || *end != '\0') {
        throw std::runtime_error(name + "=" + found->second + " is not a number");
    }
    // Written so that a NaN is refused too.
    if (!(value >= low && value <= high)) {
        throw out_of_range(name, found->second, format(low, "%g"), format(high, "%g"));
    }
    return value;
}

std::string Request::text(const std::string &name, const std::string &fallback) const {
    const auto found = values.find(name);
    return found == values.end() ? fallback : found->second;
}

int Request::threads() const {
    const unsigned processors = std::thread::hardware_concurrency();
    return integer("threads", 1, std::max(1, static_cast<int>(processors)), 1);
}

std::uint64_t Request::seed() const {
    return static_cast<std::uint64_t>(integer("seed", 0, 2147483647, 1));
}

int run_program(int argc, char **argv, const Program &program) {
    const std::string argument = argc > 1 ? argv[1] : "";
    if (argument == "--help") {
        std::cout << program.help << usage(argv[0], program);
        return 0;
    }
    const auto &variants = program.variants;
    const bool known = variants.empty()
                           ? argc == 1
                           : argc == 2 && std::count(variants.begin(), variants.end(), argument) > 0;
    if (!known) {
        std::cerr << usage(argv[0], program);
        return 2;
    }
    for (std::string line; std::getline(std::cin, line);) {
        // Flushed, since the asking process waits for the answer.
        std::cout << answer_to(line, argument, program) << std::endl;
    }
    return 0;
}

}  // namespace study
