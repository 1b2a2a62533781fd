// The main of the generator executable: Halide's own, which also honours
// HL_AUTOSCHEDULER and `--list`.
#include "autoscheduler_choice.h"

#include <Halide.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace {

int list_generators() {
    for (const std::string &name : Halide::Internal::GeneratorRegistry::enumerate()) {
        std::cout << name << "\n";
    }
    return 0;
}

int run_generator(std::vector<std::string> &args) {
    std::vector<char *> argv;
    for (std::string &arg : args) {
        argv.push_back(arg.data());
    }
    argv.push_back(nullptr);
    return Halide::Internal::generate_filter_main(static_cast<int>(args.size()), argv.data());
}

}  // namespace

int main(int argc, char **argv) {
    std::vector<std::string> args(argv, argv + argc);
    if (args.size() == 2 && args[1] == "--list") {
        return list_generators();
    }
    try {
        const char *value = std::getenv("HL_AUTOSCHEDULER");
        pipelines::add_autoscheduler(value ? value : "", args);
    } catch (const std::exception &error) {
        std::cerr << "HL_AUTOSCHEDULER: " << error.what() << "\n";
        return 1;
    }
    return run_generator(args);
}
