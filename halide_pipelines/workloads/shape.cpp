// Random workloads: types and sizes.
#include "shape.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

struct Resolution {
    int width, height;
};

const std::vector<Resolution> &resolutions() {
    static const std::vector<Resolution> all = {
        {32, 24},     {48, 32},     {64, 48},     {80, 60},     {96, 64},     {128, 96},    {160, 120},   {176, 144},
        {224, 160},   {256, 192},   {320, 240},   {321, 239},   {384, 256},   {400, 300},   {480, 320},   {512, 384},
        {513, 383},   {640, 360},   {640, 480},   {639, 425},   {768, 512},   {800, 600},   {960, 540},   {1024, 768},
        {1025, 769},  {1280, 720},  {1280, 960},  {1537, 1023}, {1600, 1200}, {1920, 1080}, {2048, 1536}, {2560, 1440},
        {2592, 1968}, {3000, 2000}, {3264, 2448}, {3840, 2160}, {4096, 3072}, {6000, 4000},
    };
    return all;
}

/// The resolution whose number of pixels has the ratio closest to 1 to `pixels`.
Resolution closest_resolution(double pixels) {
    const auto distance = [&](const Resolution &r) { return std::abs(std::log(pixels / r.width / r.height)); };
    return *std::min_element(resolutions().begin(), resolutions().end(),
                             [&](const Resolution &a, const Resolution &b) { return distance(a) < distance(b); });
}

void set_image_size(Style &style, Random &random, double pixels) {
    const Resolution chosen = closest_resolution(pixels);
    const bool is_upright = random.chance(15);
    style.width = is_upright ? chosen.height : chosen.width;
    style.height = is_upright ? chosen.width : chosen.height;
}

void set_map_size(Style &style, Random &random, double pixels) {
    const std::vector<int> sides = {7,  8,   13,  14,  16,  20,  28,  32,  40,  56,  57,  64, 80,
                                    96, 112, 128, 160, 192, 224, 227, 256, 320, 448, 512, 640};
    style.batch = std::min(random.pick<int>({1, 1, 1, 2, 4, 8, 16}), std::max(1, static_cast<int>(pixels / 49)));
    const double wanted = std::sqrt(pixels / style.batch);
    const auto nearer = [&](int a, int b) { return std::abs(std::log(a / wanted)) < std::abs(std::log(b / wanted)); };
    style.width = *std::min_element(sides.begin(), sides.end(), nearer);
    const bool is_wide = random.chance(25);
    style.height = is_wide ? std::max(4, static_cast<int>(wanted * wanted / style.width * 0.75)) : style.width;
}

/// A count as people have it: a multiple of a power of two, or a little less.
int rounded(Random &random, double count, int multiple) {
    const int whole = std::max(1, static_cast<int>(std::lround(count / multiple))) * multiple;
    return random.chance(20) ? std::max(1, whole - random.between(1, 3)) : whole;
}

}  // namespace

Style random_style(Random &random, Group group) {
    const bool is_image = group == Group::image || group == Group::signal;
    const Type f16 = Float(16), f32 = Float(32), f64 = Float(64);
    Style style = {};
    const std::vector<Type> of_images = {UInt(8),  UInt(8), UInt(8), UInt(8), UInt(16), UInt(16),
                                         Int(16), f16,     f32,     f32,     f32,      f64};
    const std::vector<Type> of_networks = {UInt(8), Int(8), Int(8), f16, f16, f32, f32, f32, f32, f32, f32, f64};
    style.input = random.pick(is_image ? of_images : of_networks);
    style.whole = !style.input.is_float() && random.chance(75);
    style.real = style.input == f64 || random.chance(4) ? f64 : f32;
    const Type half_or_single = random.chance(style.input == f16 ? 60 : 8) ? f16 : f32;
    style.kept = style.real == f64 && random.chance(80) ? f64 : half_or_single;
    style.interleaved = random.chance(40);
    style.channels = random.pick<int>({1, 1, 3, 3, 3, 4});
    style.features = random.pick<int>({16, 32, 64, 64, 96, 128, 256, 512});
    return style;
}

void set_elements(Style &style, Group group, Random random, double elements) {
    switch (group) {
    case Group::image:
        set_image_size(style, random, elements);
        break;
    case Group::map:
        set_map_size(style, random, elements);
        break;
    case Group::matrix:
        style.tokens = rounded(random, elements, elements > 256 ? 32 : 8);
        break;
    case Group::signal:
        style.samples = rounded(random, elements, elements > 4096 ? 1024 : 64);
        break;
    }
}

}  // namespace workloads
}  // namespace pipelines
