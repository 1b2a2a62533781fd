// The timing policy, the same for every program of the study.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace study {

/// The time of one call of a kernel.
struct Timing {
    /// The smallest sample, in seconds: interference by others only adds.
    double seconds = 0;
    /// How far the median sample is above the smallest, as a part of it.
    double spread = 0;
    /// The calls made, the untimed ones included.
    long calls = 0;
};

/// Tells the compiler that memory may have been read and written, so that it
/// neither drops a call whose result is unused nor merges two calls.
inline void keep_results() {
    asm volatile("" : : : "memory");
}

/// Wall-clock seconds, from an arbitrary start.
inline double now() {
    const auto time = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(time).count();
}

/// Times `call()`. `finish()` waits for calls that return before they are done, as
/// launches on a GPU do; it is called at the end of each sample.
///
/// A sample is the mean of a batch of calls that takes at least 0.5 ms. Samples are
/// taken until there are 5 and they took 15 ms in all, or until they took 0.3 s. One
/// call before them brings memory and caches into the state that later calls find
/// and is not timed, unless it takes as long as that: then it is the only one.
template<typename Call, typename Finish>
Timing measure(Call &&call, Finish &&finish) {
    constexpr double batch_seconds = 0.5e-3, enough_seconds = 15e-3, most_seconds = 0.3;
    constexpr size_t enough_samples = 5;
    Timing timing;
    const auto seconds_of = [&](long batch) {
        const double start = now();
        for (long i = 0; i < batch; i++) {
            call();
            keep_results();
        }
        finish();
        timing.calls += batch;
        return now() - start;
    };
    const double first = seconds_of(1);
    if (first >= most_seconds) {
        timing.seconds = first;
        return timing;
    }
    long batch = 1;
    double last = seconds_of(batch);
    while (last < batch_seconds) {
        batch *= 2;
        last = seconds_of(batch);
    }
    double total = last;
    std::vector<double> samples = {last / batch};
    while (total < most_seconds && (samples.size() < enough_samples || total < enough_seconds)) {
        last = seconds_of(batch);
        total += last;
        samples.push_back(last / batch);
    }
    std::sort(samples.begin(), samples.end());
    timing.seconds = samples.front();
    timing.spread = (samples[samples.size() / 2] - samples.front()) / samples.front();
    return timing;
}

/// Times a `call()` that is done when it returns.
template<typename Call>
Timing measure(Call &&call) {
    return measure(call, [] {});
}

}  // namespace study
