// Pipelines that are compiled while the program runs.
#pragma once

#include "timing.h"

#include <Halide.h>

#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace study {

/// Runs `body()` and turns a Halide::Error, which is no std::exception, into one.
template<typename Body>
auto with_halide_errors(Body &&body) {
    try {
        return body();
    } catch (const Halide::Error &error) {
        throw std::runtime_error(error.what());
    }
}

/// The pipelines compiled so far, so that a schedule met again, at another size or
/// another number of threads, is not compiled anew.
class CompiledPipelines {
public:
    struct Entry {
        Halide::Callable run;
        /// What this request spent on compiling; 0 if it was done before.
        double compile_seconds;
    };

    /// The pipeline known as `key`; `build()` makes it (a Halide::Callable) if need be.
    template<typename Build>
    Entry get(const std::string &key, Build &&build) {
        const auto found = pipelines.find(key);
        if (found != pipelines.end()) {
            return {found->second, 0};
        }
        const double start = now();
        Halide::Callable run = build();
        const double seconds = now() - start;
        pipelines.emplace(key, run);
        return {run, seconds};
    }

private:
    std::map<std::string, Halide::Callable> pipelines;
};

/// Sets the number of threads that compiled pipelines run on. To be called when at
/// least one is compiled, because Halide has no thread pool until then.
inline void set_pipeline_threads(int threads, const Halide::Target &target) {
    using Halide::Internal::JITSharedRuntime;
    if (JITSharedRuntime::set_num_threads(threads) == threads) {
        return;
    }
    // A pool that has been in use never shrinks: it must be made anew.
    for (const auto &module : JITSharedRuntime::get(nullptr, target, false)) {
        const auto found = module.exports().find("halide_shutdown_thread_pool");
        if (found != module.exports().end()) {
            reinterpret_cast<void (*)()>(found->second.address)();
            JITSharedRuntime::set_num_threads(threads);
            return;
        }
    }
    throw std::runtime_error("Halide's thread pool is not found");
}

/// Loads the plugin of an autoscheduler unless that was done: the file `path`, or,
/// if it is empty, libautoschedule_NAME.so beside libHalide, where Halide keeps its own.
inline void load_autoscheduler(const std::string &name, std::string path) {
    static std::set<std::string> loaded;
    if (loaded.count(name) != 0) {
        return;
    }
    if (path.empty()) {
        Dl_info library;
        if (dladdr(reinterpret_cast<const void *>(&Halide::load_plugin), &library) == 0) {
            throw std::runtime_error("libHalide is not found; name the file with plugin=");
        }
        const std::string halide = library.dli_fname;
        std::string lower = name;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        path = halide.substr(0, halide.rfind('/') + 1) + "libautoschedule_" + lower + ".so";
    }
    Halide::load_plugin(path);
    loaded.insert(name);
}

}  // namespace study
