#include "cases.h"

using namespace Halide;

namespace {

Pipeline outputs_of_different_dimensions() {
    Var x("x"), y("y");
    Func in = pattern("in");
    Func shared("shared"), doubled("doubled"), column_sums("column_sums");
    RDom r(0, 48);
    shared(x, y) = in(x, y) + in(x, y + 1);
    doubled(x, y) = shared(x, y) * 2;
    column_sums(x) = 0;
    column_sums(x) += shared(x, r);
    estimate_64x48(doubled);
    column_sums.set_estimates({{0, 64}});
    return Pipeline({column_sums, doubled});
}

Pipeline output_that_another_output_reads() {
    Var x("x"), y("y");
    Func first = pattern("first");
    Func second("second"), third("third");
    second(x, y) = first(x, y) + 1;
    second(x, y) += first(x, y) / 3;
    third(x, y) = second(x, y) - first(x, y);
    for (const Func &f : {first, second, third}) {
        estimate_64x48(f);
    }
    return Pipeline({third, first, second});
}

Pipeline tuple_output() {
    Var x("x"), y("y");
    Func in = pattern("in");
    Func pair("pair"), out("tuple_output");
    pair(x, y) = Tuple(in(x, y), cast<uint8_t>(in(x + 1, y)));
    pair(x, y) = Tuple(pair(x, y)[0] + 1, pair(x, y)[1] ^ cast<uint8_t>(pair(x, y)[0]));
    out(x, y) = Tuple(pair(x, y)[0], cast<float>(pair(x, y)[1]), cast<uint16_t>(x));
    estimate_64x48(out);
    return out;
}

Pipeline tuple_prefix_scan() {
    Var x("x"), y("y");
    Func in = pattern("in");
    Func fibonacci("fibonacci"), out("out");
    RDom r(1, 63);
    fibonacci(x, y) = Tuple(in(x, y), 1);
    fibonacci(r, y) = Tuple(fibonacci(r - 1, y)[0] + fibonacci(r - 1, y)[1], fibonacci(r - 1, y)[0] % 97);
    out(x, y) = fibonacci(min(x, 63), y)[0] + fibonacci(min(x, 63), y)[1];
    estimate_64x48(out);
    return out;
}

Pipeline inline_reductions() {
    Var x("x"), y("y");
    Func in = pattern("in"), out("out");
    RDom r(-2, 5, -1, 3);
    Tuple best = argmax(in(x + r.x, y + r.y));
    out(x, y) = sum(in(x + r.x, y + r.y)) + 7 * best[0] + best[1] + minimum(in(x, y + r.y));
    estimate_64x48(out);
    return out;
}

/// Interleaved colours: dimension 2 has stride 1, dimension 0 stride 3.
Pipeline interleaved_output() {
    Var x("x"), y("y"), c("c");
    Func in = pattern("in"), grey("grey"), out("interleaved");
    grey(x, y) = in(x, y) + in(x, y + 1);
    out(x, y, c) = cast<uint8_t>(grey(x, y) + c);
    out.output_buffer().dim(0).set_stride(3);
    out.output_buffer().dim(2).set_stride(1);
    out.output_buffer().dim(2).set_bounds(0, 3);
    out.set_estimates({{0, 64}, {0, 48}, {0, 3}});
    return out;
}

/// As in a Sobel filter written out with all its weights. Halide drops the read where it specialises, and must not find
/// the Func behind it scheduled inside the reader, nor what that Func reads produced for nobody.
Pipeline read_of_weight_zero() {
    Var x("x"), y("y");
    Func in = pattern("in"), live("live"), blurred("blurred"), dead("dead"), out("weight_zero");
    RDom r(0, 9);
    live(x, y) = in(x, y) + in(x + 1, y) + in(x, y + 1);
    live(x, y) += in(y, x);
    blurred(x, y) = live(x, y - 1) + live(x, y) + live(x, y + 1);
    dead(x, y) = 0;
    dead(x, y) += live(x + r, y);
    out(x, y) = blurred(x, y - 1) + blurred(x, y + 1) + 0 * dead(x, y);
    estimate_64x48(out);
    return out;
}

Pipeline five_dimensions() {
    Var a("a"), b("b"), c("c"), d("d"), e("e");
    Func base("base"), out("five");
    base(a, b, c, d, e) = a + 2 * b + 3 * c + 5 * d + 7 * e;
    out(a, b, c, d, e) = base(a, b, c, d, e) + base(b, a, c, e, d);
    out.set_estimates({{0, 9}, {0, 5}, {0, 3}, {0, 2}, {0, 4}});
    return out;
}

}  // namespace

std::vector<Case> output_cases() {
    return {
        {"outputs_of_different_dimensions", outputs_of_different_dimensions},
        {"output_that_another_output_reads", output_that_another_output_reads},
        {"tuple_output", tuple_output},
        {"tuple_prefix_scan", tuple_prefix_scan},
        {"inline_reductions", inline_reductions},
        {"interleaved_output", interleaved_output, {{64, 48, 3}, {1, 1, 3}, {7, 33, 3}, {65, 47, 3}}, true},
        {"read_of_weight_zero", read_of_weight_zero},
        {"five_dimensions", five_dimensions, {{9, 5, 3, 2, 4}, {1, 1, 1, 1, 1}, {10, 4, 2, 3, 5}}},
    };
}
