#include "cases.h"

using namespace Halide;

namespace {

using Image = Halide::Runtime::Buffer<int32_t, 2>;

/// Asks for the region of `in` that is `out`'s, one larger at the far edges.
int query_one_more(halide_buffer_t *in, const halide_buffer_t *out) {
    for (int d = 0; d < 2; d++) {
        in->dim[d].min = out->dim[d].min;
        in->dim[d].extent = out->dim[d].extent + 1;
    }
    return 0;
}

}  // namespace

// out(x, y) = in(x, y) + in(x + 1, y + 1)
extern "C" int test_add_diagonal(halide_buffer_t *in, halide_buffer_t *out) {
    if (in->is_bounds_query()) {
        return query_one_more(in, out);
    }
    const Image source(*in);
    Image result(*out);
    result.for_each_element([&](int x, int y) { result(x, y) = source(x, y) + source(x + 1, y + 1); });
    return 0;
}

// out(x, y) = gain * a(x, y) - b(x + 1, y + 1)
extern "C" int test_weighted_difference(halide_buffer_t *a, halide_buffer_t *b, int32_t gain,
                                        halide_buffer_t *out) {
    if (a->is_bounds_query() || b->is_bounds_query()) {
        query_one_more(a, out);
        return query_one_more(b, out);
    }
    const Image first(*a), second(*b);
    Image result(*out);
    result.for_each_element(
        [&](int x, int y) { result(x, y) = gain * first(x, y) - second(x + 1, y + 1); });
    return 0;
}

extern "C" int32_t test_bit_count(int32_t value) {
    return __builtin_popcount(static_cast<uint32_t>(value));
}
HalideExtern_1(int32_t, test_bit_count, int32_t);

namespace {

Pipeline extern_in_the_middle() {
    Var x("x"), y("y");
    Func before("before"), stage("extern_stage"), after("after");
    Func in = pattern("in");
    before(x, y) = in(x, y) + in(x + 1, y);
    stage.define_extern("test_add_diagonal", {before}, Int(32), 2);
    after(x, y) = stage(x, y) * 3 + stage(x + 2, y + 1);
    estimate_64x48(after);
    return after;
}

Pipeline extern_as_output() {
    Func stage("extern_output");
    stage.define_extern("test_add_diagonal", {pattern("in")}, Int(32), 2);
    estimate_64x48(stage);
    return stage;
}

Pipeline extern_after_extern() {
    Var x("x"), y("y");
    Func first("extern_first"), second("extern_second"), out("out");
    Func in = pattern("in"), other = pattern("other");
    first.define_extern("test_add_diagonal", {in}, Int(32), 2);
    second.define_extern("test_weighted_difference", {first, other, Expr(5)}, Int(32), 2);
    out(x, y) = second(x, y) + other(x, y);
    estimate_64x48(out);
    return out;
}

Pipeline extern_call_in_an_expression() {
    Var x("x"), y("y");
    Func bits("bits"), out("out");
    Func in = pattern("in");
    bits(x, y) = test_bit_count(in(x, y));
    out(x, y) = bits(x, y) * 10 + bits(x + 1, y);
    estimate_64x48(out);
    return out;
}

}  // namespace

std::vector<Case> extern_cases() {
    return {
        {"extern_in_the_middle", extern_in_the_middle},
        {"extern_as_output", extern_as_output},
        {"extern_after_extern", extern_after_extern},
        {"extern_call_in_an_expression", extern_call_in_an_expression},
    };
}
