// One head of scaled dot-product attention: softmax(Q K^T / sqrt(d)) V.
#include "pipeline.h"

namespace {

using namespace Halide;

class Attention : public Generator<Attention> {
public:
    Input<Buffer<float, 2>> queries{"queries"};  // (feature, query)
    Input<Buffer<float, 2>> keys{"keys"};        // (feature, key)
    Input<Buffer<float, 2>> values{"values"};    // (feature, key)
    Output<Buffer<float, 2>> output{"output"};   // (feature, query)

    void generate() {
        Expr features = queries.dim(0).extent();
        RDom feature(0, features, "feature"), token(0, keys.dim(1).extent(), "token");

        // A Func of its own, so that a schedule may store the keys the way the
        // product reads them.
        keys_transposed(key, i) = keys(i, key);
        products(key, query) = 0.0f;
        products(key, query) += keys_transposed(key, feature) * queries(feature, query);
        scores(key, query) = products(key, query) / sqrt(cast<float>(features));

        // Less the row's maximum, exp cannot overflow.
        row_max(query) = Float(32).min();
        row_max(query) = max(row_max(query), scores(token, query));
        weights(key, query) = exp(scores(key, query) - row_max(query));
        row_sum(query) = 0.0f;
        row_sum(query) += weights(token, query);

        mixed(i, query) = 0.0f;
        mixed(i, query) += weights(token, query) * values(i, token);
        output(i, query) = mixed(i, query) / row_sum(query);
    }

    void schedule() {
        const int features = 64, tokens = 512;
        for (Input<Buffer<float, 2>> *matrix : {&queries, &keys, &values}) {
            matrix->dim(0).set_min(0);
            matrix->dim(1).set_min(0);
            pipelines::set_estimates(*matrix, {features, tokens});
        }
        pipelines::set_output_estimates(output, {features, tokens});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var i{"i"}, key{"key"}, query{"query"};
    Func keys_transposed{"keys_transposed"}, products{"products"}, scores{"scores"};
    Func row_max{"row_max"}, weights{"weights"}, row_sum{"row_sum"}, mixed{"mixed"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Attention, attention)
