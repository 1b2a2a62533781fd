// Compares what the scheduled library computes with plain loops.
#include "sharpen.h"

#include <HalideBuffer.h>

#include <algorithm>
#include <cstdio>

using Image = Halide::Runtime::Buffer<int16_t, 2>;

namespace {

int16_t at(const Image &image, int x, int y) {
    return image(std::clamp(x, 0, image.width() - 1), std::clamp(y, 0, image.height() - 1));
}

int floor_div(int a, int b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

int16_t expected(const Image &image, int x, int y) {
    int sum = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            sum += at(image, x + dx, y + dy);
        }
    }
    return static_cast<int16_t>(2 * at(image, x, y) - floor_div(sum, 9));
}

bool is_right_at_size(int width, int height) {
    Image input(width, height), output(width, height);
    input.for_each_element([&](int x, int y) {
        input(x, y) = static_cast<int16_t>((x * 131 + y * 977) % 2001 - 1000);
    });
    if (int error = sharpen(input, output)) {
        std::printf("sharpen returned %d at %d x %d\n", error, width, height);
        return false;
    }
    int wrong = 0;
    output.for_each_element([&](int x, int y) { wrong += output(x, y) != expected(input, x, y); });
    if (wrong > 0) {
        std::printf("%d of %d pixels are wrong at %d x %d\n", wrong, width * height, width, height);
    }
    return wrong == 0;
}

}  // namespace

int main() {
    const int sizes[][2] = {{640, 480}, {1, 1}, {7, 33}, {641, 479}};
    bool right = true;
    for (const auto &size : sizes) {
        right = is_right_at_size(size[0], size[1]) && right;
    }
    return right ? 0 : 1;
}
