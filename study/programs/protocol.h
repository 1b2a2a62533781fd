// How a study program is spoken to: it is started as `PROGRAM [VARIANT]`, reads
// requests from stdin, one a line, space-separated `name=value`, and answers each
// with one line on stdout:
//
//   seconds=1.234e-05 spread=0.03 calls=120 [more name=value facts]
//   error=TEXT TO END OF LINE
//
// A bad request is answered and does not end the program; the end of stdin does.
#pragma once

#include "timing.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace study {

/// One request: named values. Each function throws std::runtime_error, saying
/// what is wrong, when the value is missing (and no fallback is given), malformed
/// or outside [low, high].
class Request {
public:
    /// Takes one line of stdin.
    explicit Request(const std::string &line);

    bool has(const std::string &name) const { return values.count(name) != 0; }
    int integer(const std::string &name, int low, int high) const;
    int integer(const std::string &name, int low, int high, int fallback) const;
    double real(const std::string &name, double low, double high, double fallback) const;
    std::string text(const std::string &name, const std::string &fallback) const;

    /// The number of threads to use: 1 to the number of processors, 1 by default.
    int threads() const;
    /// What the data depend on beside their sizes; 1 by default.
    std::uint64_t seed() const;

private:
    std::map<std::string, std::string> values;
};

/// What is answered: the time of one call, and anything else worth recording, as
/// pairs of a name and a value without spaces.
struct Answer {
    Timing timing;
    std::vector<std::pair<std::string, std::string>> facts = {};
};

/// What a program consists of.
struct Program {
    /// What the program is, for `--help`: two lines, each with its newline.
    std::string help;
    /// The variants to choose from on the command line; none for a program without.
    std::vector<std::string> variants;
    /// Serves one request for a variant ("" where there are none). May throw
    /// std::exception, whose text becomes the answer.
    std::function<Answer(const std::string &variant, const Request &request)> serve;
};

/// The main function of a program. Returns its exit status: 2 for a bad command line.
int run_program(int argc, char **argv, const Program &program);

}  // namespace study
