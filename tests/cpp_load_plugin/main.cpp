// load_plugin_test PLUGIN_FILE [TEST...]
//
// Schedules pipelines through Halide::load_plugin and Pipeline::apply_autoscheduler,
// and compares what they compute with the same pipelines left unscheduled. Prints
// `ok NAME` or `not ok NAME: REASON` for each. Each test runs in a child process with
// limits, so that a crash is a failed test like any other.
#include "cases.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Halide;

namespace {

const char *const scheduler_name = "Srivastava2020";
constexpr unsigned seconds_per_test = 60;
constexpr rlim_t memory_bytes = rlim_t(4) << 30;

struct Test {
    std::string name;
    /// Why the test failed; empty if it passed.
    std::function<std::string()> run;
};

AutoSchedulerResults schedule(Pipeline pipeline, const std::string &key = "parallelism",
                              const std::string &value = "2") {
    return pipeline.apply_autoscheduler(get_jit_target_from_environment(),
                                        AutoschedulerParams(scheduler_name, {{key, value}}));
}

Buffer<> dense_buffer(Type type, std::vector<int> size, int dimensions, bool interleaved) {
    size.resize(dimensions);
    if (interleaved) {
        return Buffer<>::make_interleaved(type, size[0], size[1], size[2]);
    }
    return Buffer<>(type, size);
}

std::vector<Buffer<>> realise(Pipeline pipeline, const std::vector<int> &size, bool interleaved) {
    std::vector<Buffer<>> buffers;
    for (const Func &f : pipeline.outputs()) {
        for (const Type &type : f.types()) {
            buffers.push_back(dense_buffer(type, size, f.dimensions(), interleaved));
        }
    }
    pipeline.realize(Realization(buffers));
    return buffers;
}

/// What an extern stage reads must be stored, also in the pipeline to compare with.
void store_inputs_of_extern_stages(const Pipeline &pipeline) {
    std::vector<Internal::Function> outputs;
    for (const Func &f : pipeline.outputs()) {
        outputs.push_back(f.function());
    }
    for (const auto &[name, function] : Internal::build_environment(outputs)) {
        for (const ExternFuncArgument &argument : function.extern_arguments()) {
            if (argument.is_func()) {
                Func(Internal::Function(argument.func)).compute_root();
            }
        }
        if (function.has_extern_definition()) {
            Func(function).compute_root();
        }
    }
}

std::string check_case(const Case &c) {
    Pipeline reference = c.build();
    Pipeline scheduled = c.build();
    store_inputs_of_extern_stages(reference);
    schedule(scheduled);
    for (const std::vector<int> &size : c.sizes) {
        const auto expected = realise(reference, size, c.interleaved);
        const auto got = realise(scheduled, size, c.interleaved);
        for (size_t i = 0; i < expected.size(); i++) {
            if (std::memcmp(expected[i].data(), got[i].data(), expected[i].size_in_bytes()) != 0) {
                std::ostringstream reason;
                reason << "output buffer " << i << " differs at size " << size[0] << " x " << size[1];
                return reason.str();
            }
        }
    }
    return "";
}

Pipeline small_pipeline() {
    Func f = pattern("small");
    estimate_64x48(f);
    return f;
}

/// The plugin's error must reach the caller as a Halide::Error that holds all `words`.
std::string check_error(Pipeline pipeline, const std::string &key, const std::string &value,
                        const std::vector<std::string> &words) {
    try {
        schedule(pipeline, key, value);
    } catch (const Halide::Error &error) {
        for (const std::string &word : words) {
            if (std::strstr(error.what(), word.c_str()) == nullptr) {
                return "'" + word + "' is not in the error: " + error.what();
            }
        }
        return "";
    }
    return "no error";
}

std::string schedules_twice_in_a_process() {
    schedule(small_pipeline());
    return schedule(small_pipeline()).schedule_source.empty() ? "the second schedule is empty" : "";
}

std::vector<Test> all_tests() {
    std::vector<Test> tests;
    for (const auto &cases : {extern_cases(), output_cases(), prescheduled_cases()}) {
        for (const Case &c : cases) {
            tests.push_back({c.name, [c] { return check_case(c); }});
        }
    }
    tests.push_back({"unknown_key", [] {
                         return check_error(small_pipeline(), "beam", "3", {"beam", "parallelism"});
                     }});
    tests.push_back({"missing_estimate", [] {
                         return check_error(pattern("unestimated"), "parallelism", "2",
                                            {"estimate", "unestimated"});
                     }});
    tests.push_back({"schedules_twice_in_a_process", schedules_twice_in_a_process});
    return tests;
}

std::string run_here(const Test &test, const char *plugin) {
    try {
        load_plugin(plugin);
        return test.run();
    } catch (const Halide::Error &error) {
        return error.what();
    } catch (const std::exception &error) {
        return error.what();
    }
}

bool passes_in_child(const Test &test, const char *plugin) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        const rlimit limit = {memory_bytes, memory_bytes};
        setrlimit(RLIMIT_AS, &limit);
        alarm(seconds_per_test);
        const std::string reason = run_here(test, plugin);
        if (!reason.empty()) {
            std::cout << "not ok " << test.name << ": " << reason << std::endl;
        }
        _exit(reason.empty() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        std::cout << "not ok " << test.name << ": killed by signal " << WTERMSIG(status) << " ("
                  << strsignal(WTERMSIG(status)) << ")" << std::endl;
    } else if (WEXITSTATUS(status) == 0) {
        std::cout << "ok " << test.name << std::endl;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 2) {
        std::cerr << "usage: load_plugin_test PLUGIN_FILE [TEST...]\n";
        return 2;
    }
    const std::vector<std::string> only(argv + 2, argv + argc);
    bool passed = true;
    for (const Test &test : all_tests()) {
        if (only.empty() || std::find(only.begin(), only.end(), test.name) != only.end()) {
            passed = passes_in_child(test, argv[1]) && passed;
        }
    }
    return passed ? 0 : 1;
}
