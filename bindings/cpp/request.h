// The state behind hs_request, and the guard every entry point runs in.
#ifndef HALIDE_SYS_REQUEST_H
#define HALIDE_SYS_REQUEST_H

#include <map>
#include <string>
#include <vector>

#include "Halide.h"
#include "shim.h"

/// Every Func that the outputs reach, indexed as Pipeline::get_func indexes them: producers before consumers. Puts them into `env`,
/// by name, too.
std::vector<Halide::Internal::Function> funcs_of(const Halide::Pipeline &pipeline,
                                                 std::map<std::string, Halide::Internal::Function> &env);

struct hs_request {
    const Halide::Pipeline &pipeline;
    const Halide::Target &target;
    std::vector<std::pair<std::string, std::string>> params;
    std::map<std::string, Halide::Internal::Function> env;
    /// As `funcs_of` orders them.
    std::vector<Halide::Internal::Function> funcs;

    std::string json;
    std::string schedule_json;
    std::string schedule_source;
    std::vector<uint8_t> serialised;
    std::string error;

    hs_request(const Halide::Pipeline &pipeline, const Halide::Target &target,
               const Halide::AutoschedulerParams &params);
};

inline std::string to_string(hs_string s) {
    return std::string(s.data, s.size);
}

inline hs_string borrow(const std::string &s) {
    return {s.data(), s.size()};
}

/// Runs `body`; turns anything it throws into a status and a message. Halide::Error is no std::exception.
template<typename Body>
int32_t guard(std::string &error, Body body) {
    try {
        body();
        return 0;
    } catch (const Halide::Error &e) {
        error = e.what();
    } catch (const std::exception &e) {
        error = e.what();
    } catch (...) {
        error = "an unknown C++ exception";
    }
    return 1;
}

#endif
