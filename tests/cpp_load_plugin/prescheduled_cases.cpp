#include "cases.h"

using namespace Halide;

namespace {

/// in -> first -> second -> out, all of two dimensions.
struct Chain {
    Var x{"x"}, y{"y"};
    Func in = pattern("in"), first{"first"}, second{"second"}, out{"out"};

    Chain() {
        first(x, y) = in(x, y) + in(x + 1, y);
        second(x, y) = first(x, y) * 2 + first(x, y + 1);
        out(x, y) = second(x, y) + second(x + 1, y + 1);
        estimate_64x48(out);
    }
};

Pipeline producer_scheduled() {
    Chain c;
    c.first.compute_root().vectorize(c.x, 4).parallel(c.y);
    return c.out;
}

Pipeline output_scheduled() {
    Chain c;
    Var xo("xo"), yo("yo"), xi("xi"), yi("yi");
    c.out.tile(c.x, c.y, xo, yo, xi, yi, 16, 8, TailStrategy::GuardWithIf).parallel(yo);
    return c.out;
}

Pipeline producer_computed_at_a_scheduled_consumer() {
    Chain c;
    Var yo("yo"), yi("yi");
    c.second.compute_root().split(c.y, yo, yi, 8, TailStrategy::GuardWithIf);
    c.first.compute_at(c.second, yo);
    return c.out;
}

Pipeline producer_computed_at_an_unscheduled_output() {
    Chain c;
    c.second.store_root().compute_at(c.out, c.y);
    return c.out;
}

Pipeline everything_scheduled() {
    Chain c;
    c.in.compute_root();
    c.first.compute_root();
    c.second.store_root().compute_at(c.out, c.y);
    c.out.vectorize(c.x, 4, TailStrategy::GuardWithIf);
    return c.out;
}

Pipeline wrapper_and_clone() {
    Chain c;
    c.first.in(c.second).compute_root();
    c.in.clone_in(c.first).compute_root().vectorize(c.x, 8, TailStrategy::RoundUp);
    return c.out;
}

Pipeline update_scheduled() {
    Var x("x"), y("y");
    Func in = pattern("in"), histogram("histogram"), out("out");
    RDom r(0, 64, 0, 48);
    histogram(x) = 0;
    histogram(clamp(in(r.x, r.y), 0, 255)) += 1;
    out(x, y) = histogram(x) + y;
    histogram.compute_root().vectorize(x, 8);
    histogram.update().reorder(r.y, r.x);
    estimate_64x48(out);
    return out;
}

Pipeline rfactored_by_the_user() {
    Var x("x"), y("y"), u("u");
    Func in = pattern("in"), total("total"), out("out");
    RDom r(0, 64, 0, 48);
    total() = 0;
    total() += in(r.x, r.y);
    out(x, y) = total() + in(x, y);
    Func partial = total.update().rfactor(r.y, u);
    partial.compute_root().update().parallel(u);
    total.compute_root();
    estimate_64x48(out);
    return out;
}

Pipeline bounded_and_unrolled() {
    Var x("x"), y("y"), c("c");
    Func in = pattern("in"), colour("colour"), out("out");
    colour(x, y, c) = in(x, y) * (c + 1);
    out(x, y, c) = colour(x, y, c) + colour(x + 1, y, c);
    out.bound(c, 0, 3).unroll(c);
    out.set_estimates({{0, 64}, {0, 48}, {0, 3}});
    return out;
}

Pipeline specialised() {
    Chain c;
    c.out.specialize(c.out.output_buffer().width() >= 32).vectorize(c.x, 8);
    return c.out;
}

}  // namespace

std::vector<Case> prescheduled_cases() {
    return {
        {"producer_scheduled", producer_scheduled},
        {"output_scheduled", output_scheduled},
        {"producer_computed_at_a_scheduled_consumer", producer_computed_at_a_scheduled_consumer},
        {"producer_computed_at_an_unscheduled_output", producer_computed_at_an_unscheduled_output},
        {"everything_scheduled", everything_scheduled},
        {"wrapper_and_clone", wrapper_and_clone},
        {"update_scheduled", update_scheduled},
        {"rfactored_by_the_user", rfactored_by_the_user},
        {"bounded_and_unrolled", bounded_and_unrolled, {{64, 48, 3}, {1, 1, 3}, {7, 33, 3}, {65, 47, 3}}},
        {"specialised", specialised},
    };
}
