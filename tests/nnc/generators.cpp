// Generators whose schedules round otherwise, compute something else, take too much memory, or have buffers of shapes that
// their estimates deny.
#include <Halide.h>

using namespace Halide;

namespace {

// What rounding a product leaves over, of which a threshold makes much: nothing without contraction. With it, a little,
// unless the product is inlined and cancels. manual=true adds an error where there is one to add.
class Residue : public Generator<Residue> {
public:
    GeneratorParam<bool> manual{"manual", false};
    GeneratorParam<int> error{"error", 0};
    Input<Buffer<float, 1>> a{"a"}, b{"b"};
    Output<Buffer<int32_t, 1>> output{"output"};

    void generate() {
        product(x) = a(x) * b(x);
        Expr wrong = manual ? select(x == 7, error, 0) : 0;
        output(x) = select(abs(a(x) * b(x) - product(x)) > 1e-10f, 1000, 0) + wrong;
    }

    void schedule() {
        a.set_estimates({{0, 1000}});
        b.set_estimates({{0, 1000}});
        output.set_estimates({{0, 1000}});
    }

private:
    Var x{"x"};
    Func product{"product"};
};

// At root, its first Func takes 2.25 GB.
class Large : public Generator<Large> {
public:
    Input<Buffer<uint8_t, 2>> input{"input"};
    Output<Buffer<uint8_t, 2>> output{"output"};

    void generate() {
        wide(x, y, c) = input(x, y) + cast<uint8_t>(c);
        output(x, y) = wide(x, y, 0) + wide(x, y, 2300);
    }

    void schedule() {
        input.set_estimates({{0, 1000}, {0, 1000}});
        output.set_estimates({{0, 1000}, {0, 1000}});
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
    Func wide{"wide"};
};

// Buffers that are not of their estimated sizes.
class Constrained : public Generator<Constrained> {
public:
    Input<Buffer<float, 2>> input{"input"};
    Output<Buffer<float, 2>> output{"output"}, wide{"wide"};

    void generate() {
        output(c, y) = input(c, y) + 1;
        wide(c, y) = output(c, y) * 2;
        input.dim(0).set_bounds(0, 128).set_stride(2);
        input.dim(1).set_stride(300);
        output.dim(0).set_bounds(0, 128);
    }

    void schedule() {
        input.set_estimates({{0, 200}, {0, 50}});
        output.set_estimates({{0, 100}, {0, 50}});
        wide.set_estimates({{0, 60}, {0, 70}});
    }

private:
    Var c{"c"}, y{"y"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Residue, residue)
HALIDE_REGISTER_GENERATOR(Large, large)
HALIDE_REGISTER_GENERATOR(Constrained, constrained)
