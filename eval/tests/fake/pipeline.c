// What Halide would compile `output(x) = input(x) + 1` to: the three functions that nnc looks for.
#include <HalideRuntime.h>
#include <stdlib.h>

static const struct halide_type_t int32 = {halide_type_int, 32, 1};
static const int64_t estimate_min = 0, estimate_extent = 1000;
static const int64_t *const estimates[] = {&estimate_min, &estimate_extent};
static const struct halide_filter_argument_t arguments[] = {
    {"input", halide_argument_kind_input_buffer, 1, {halide_type_int, 32, 1}, 0, 0, 0, 0, estimates},
    {"output", halide_argument_kind_output_buffer, 1, {halide_type_int, 32, 1}, 0, 0, 0, 0, estimates},
};
static const struct halide_filter_metadata_t metadata = {1, 2, arguments, "x86-64-linux", "pipeline"};

static halide_error_handler_t handler;

halide_error_handler_t halide_set_error_handler(halide_error_handler_t new_handler) {
    handler = new_handler;
    return 0;
}

const struct halide_filter_metadata_t *pipeline_metadata(void) {
    return &metadata;
}

int pipeline_argv(void **args) {
    struct halide_buffer_t *input = args[0], *output = args[1];
    if (input->host == 0 || output->host == 0) {
        if (BEHAVIOUR == 5) {
            output->dim[0].extent = 128;
        }
        input->dim[0] = output->dim[0];
        return 0;
    }
    if (BEHAVIOUR == 2) {
        abort();
    }
    if (BEHAVIOUR == 3) {
        handler(0, "Input is not to my taste\n");
        return -1;
    }
    const int32_t *from = (const int32_t *)input->host;
    int32_t *to = (int32_t *)output->host;
    for (int i = 0; i < output->dim[0].extent; i++) {
        to[i] = from[i] + (BEHAVIOUR == 1 && i == 7 ? 2 : 1);
        // Beyond any tolerance.
        if (BEHAVIOUR == 4 && i % 100 == 7) {
            to[i] ^= 1 << 30;
        }
    }
    return 0;
}
