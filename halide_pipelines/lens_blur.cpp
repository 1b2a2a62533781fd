// The depth of field of a large lens, from a stereo pair: the disparity of each pixel is
// the one at which windows of the two images match best, and pixels out of focus take
// the average of random points of a disc around them. All of it in integers, so that
// every schedule gathers the same pixels.
#include "pipeline.h"

namespace {

using namespace Halide;

class LensBlur : public Generator<LensBlur> {
public:
    /// How many disparities are tried, in pixels from 0.
    GeneratorParam<int> disparities{"disparities", 16, 1, 64};
    /// How many points of the disc are averaged.
    GeneratorParam<int> samples{"samples", 32, 1, 128};

    Input<Buffer<uint8_t, 3>> left{"left"};
    Input<Buffer<uint8_t, 3>> right{"right"};
    /// The disparity of what is in focus.
    Input<int> focus{"focus", 8, 0, 63};
    /// How many 16ths of a pixel the disc's radius grows with each disparity out of focus.
    Input<int> aperture{"aperture", 12, 0, 64};
    Output<Buffer<uint8_t, 3>> output{"output"};

    void generate() {
        Func in_left = pipelines::repeat_edge(left), in_right = pipelines::repeat_edge(right);

        // What 9x9 windows differ by fits 16 bits.
        Expr differ = cast<uint16_t>(0), down = cast<uint16_t>(0), across = cast<uint16_t>(0);
        for (int channel = 0; channel < 3; channel++) {
            differ += cast<uint16_t>(absd(in_left(x, y, channel), in_right(x - d, y, channel)));
        }
        cost(x, y, d) = differ;
        for (int i = -window; i <= window; i++) {
            down += cost(x, y + i, d);
        }
        cost_y(x, y, d) = down;
        for (int i = -window; i <= window; i++) {
            across += cost_y(x + i, y, d);
        }
        cost_xy(x, y, d) = across;

        // The disparity with the least cost, and that cost.
        RDom other(1, disparities - 1, "other");
        best(x, y) = Tuple(cast<uint8_t>(0), cost_xy(x, y, 0));
        Expr better = cost_xy(x, y, other) < best(x, y)[1];
        best(x, y) = Tuple(select(better, cast<uint8_t>(other), best(x, y)[0]),
                           select(better, cost_xy(x, y, other), best(x, y)[1]));
        radius(x, y) = cast<int16_t>(absd(cast<int>(best(x, y)[0]), focus) * aperture);

        define_disc();
        gather(in_left);
    }

    void schedule() {
        focus.set_estimate(8);
        aperture.set_estimate(12);
        left.dim(2).set_bounds(0, 3);
        right.dim(2).set_bounds(0, 3);
        output.dim(2).set_bounds(0, 3);
        pipelines::set_estimates(left, {768, 512, 3});
        pipelines::set_estimates(right, {768, 512, 3});
        pipelines::set_output_estimates(output, {768, 512, 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    /// Half the edge of the windows that are compared.
    static constexpr int window = 4;
    /// Points of the disc that samples are drawn from.
    static constexpr int points = 256;

    Var x{"x"}, y{"y"}, c{"c"}, d{"d"}, i{"i"};
    Func cost{"cost"}, cost_y{"cost_y"}, cost_xy{"cost_xy"}, best{"best"}, radius{"radius"};
    Func disc{"disc"}, offset{"offset"}, sums{"sums"};

    /// Points of a disc of radius 127, spread evenly from its centre outwards on a spiral.
    void define_disc() {
        const float golden_angle = 2.39996323f;
        Expr distance = 127.0f * sqrt((cast<float>(i) + 0.5f) / points);
        Expr angle = cast<float>(i) * golden_angle;
        disc(i) = Tuple(cast<int8_t>(distance * cos(angle)), cast<int8_t>(distance * sin(angle)));
    }

    /// Averages the samples of each pixel.
    void gather(const Func &in) {
        // A random one of the points in the sample's ring.
        const int ring = points / samples;
        Expr point = i * ring + cast<int>(random_uint() % ring);
        Expr drawn = clamp(point, 0, points - 1);
        offset(x, y, i) = Tuple((disc(drawn)[0] * cast<int>(radius(x, y))) >> 11,
                                (disc(drawn)[1] * cast<int>(radius(x, y))) >> 11);

        RDom sample(0, samples, "sample");
        Expr dx = offset(x, y, sample)[0], dy = offset(x, y, sample)[1];
        Expr there_x = clamp(x + dx, left.dim(0).min(), left.dim(0).max());
        Expr there_y = clamp(y + dy, left.dim(1).min(), left.dim(1).max());
        // Of what is in better focus, only what reaches this far counts.
        Expr reach = cast<int>(radius(there_x, there_y));
        Expr counts = reach * reach >= 256 * (dx * dx + dy * dy) || reach >= radius(x, y);
        sums(x, y, c) = mux(c, {cast<uint16_t>(in(x, y, 0)), cast<uint16_t>(in(x, y, 1)),
                                cast<uint16_t>(in(x, y, 2)), cast<uint16_t>(1)});
        Expr value = select(c < 3, cast<uint16_t>(in(there_x, there_y, min(c, 2))), cast<uint16_t>(1));
        sums(x, y, c) += select(counts, value, cast<uint16_t>(0));
        output(x, y, c) = cast<uint8_t>((sums(x, y, c) + sums(x, y, 3) / 2) / sums(x, y, 3));
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(LensBlur, lens_blur)
