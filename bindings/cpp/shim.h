/* The C boundary between Halide's compiler (C++) and Rust.
 *
 * One hs_request lives for one call of the autoscheduler and is borrowed by every function here. Functions that can
 * fail return 0 on success; otherwise hs_error() says what went wrong. No C++ exception leaves this interface, and
 * the callback must not unwind into it. */
#ifndef HALIDE_SYS_SHIM_H
#define HALIDE_SYS_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes, UTF-8, not null-terminated; owned by whoever the function's comment names. */
typedef struct {
    const char *data;
    size_t size;
} hs_string;

typedef struct hs_request hs_request;

/* Schedules the pipeline of a request. Returns 0, or non-zero after hs_set_error(). */
typedef int32_t (*hs_schedule_fn)(hs_request *);

/* Registers an autoscheduler under a name (copied). Halide holds a second registration of a name for a user error. */
int32_t hs_register(hs_string name, hs_schedule_fn schedule);

/* The parameters the user gave, in key order; strings are owned by the request. */
size_t hs_param_count(const hs_request *request);
hs_string hs_param_key(const hs_request *request, size_t index);
hs_string hs_param_value(const hs_request *request, size_t index);

/* Describes the pipeline as JSON, the serialised form of the scheduler's `ir::Pipeline`; owned by the request. */
int32_t hs_extract(hs_request *request, hs_string *json);

/* Reads the schedule of a serialised pipeline, which must be the request's pipeline but for its schedule, as JSON: a list of
 * the scheduler's directives, owned by the request. The content of the file is any bytes. */
int32_t hs_read_schedule(hs_request *request, hs_string content, hs_string *json);

/* Serialises the pipeline as it is; bytes, owned by the request. */
int32_t hs_serialise(hs_request *request, hs_string *content);

typedef enum {
    HS_COMPUTE_ROOT,
    HS_COMPUTE_AT,
    HS_STORE_AT,
    HS_STORE_ROOT,
    HS_STORE_IN,
    HS_FOLD_STORAGE,
    HS_ALIGN_STORAGE,
    HS_BOUND,
    HS_ALIGN_BOUNDS,
    HS_COMPUTE_WITH,
    HS_REORDER_STORAGE,
    HS_SPLIT,
    HS_FUSE,
    HS_REORDER,
    HS_VECTORIZE,
    HS_UNROLL,
    HS_PARALLEL,
    HS_NEVER_PARTITION,
    HS_ATOMIC,
    HS_UNSCHEDULED,
    HS_RFACTOR,
    HS_END_RFACTOR,
    HS_SPECIALIZE,
    HS_END_SPECIALIZE,
} hs_directive_kind;

typedef enum {
    HS_TAIL_ROUND_UP,
    HS_TAIL_GUARD_WITH_IF,
    HS_TAIL_SHIFT_INWARDS,
    HS_TAIL_PREDICATE,
} hs_tail_strategy;

typedef enum {
    HS_MEMORY_HEAP,
    HS_MEMORY_STACK,
    HS_MEMORY_REGISTER,
} hs_memory_type;

typedef struct {
    hs_string name;
    uint8_t is_rvar;
} hs_var;

/* The extent of an output's dimension from which on a specialised schedule is used. */
typedef struct {
    uint32_t dim;
    int32_t at_least;
} hs_size;

/* One scheduling call. `func` and `at_func` index the Funcs of hs_extract(); `stage` 0 is the pure definition,
 * `n` > 0 the update n - 1. Which other fields count depends on the kind:
 * compute_at, store_at: at_func, vars[0]; store_in: memory; fold_storage: vars[0], factor;
 * align_storage: vars[0], factor (alignment);
 * bound: vars[0], offset (min), factor (extent); align_bounds: vars[0], factor (modulus), offset (remainder);
 * compute_with: at_func, at_stage, vars[0]; reorder_storage: vars, innermost first;
 * split: vars = old, outer, inner, factor, tail;
 * fuse: vars = inner, outer, fused; reorder: vars, innermost first; vectorize, unroll, parallel: vars[0];
 * rfactor: vars = reduction variable, new pure variable; the intermediate Func is computed at root, and calls up to
 * end_rfactor go to its pure definition (stage 0) or its update (any other stage);
 * specialize: sizes, all of which must hold. Calls up to end_specialize go to the specialised stage. */
typedef struct {
    hs_directive_kind kind;
    uint32_t func;
    uint32_t stage;
    uint32_t at_func;
    uint32_t at_stage;
    const hs_var *vars;
    size_t var_count;
    int32_t factor;
    int32_t offset;
    hs_tail_strategy tail;
    hs_memory_type memory;
    const hs_size *sizes;
    size_t size_count;
} hs_directive;

/* Applies directives to the Funcs, in order. On failure the Funcs may be left partly scheduled. */
int32_t hs_apply(hs_request *request, const hs_directive *directives, size_t count);

/* What `-e schedule` writes: the body of apply_schedule(). Copied. */
void hs_set_schedule_source(hs_request *request, hs_string source);

/* Warns the user the way Halide does. */
void hs_warn(hs_request *request, hs_string message);

/* Why the request failed; set by Rust before a non-zero return, or by a failing function here. */
void hs_set_error(hs_request *request, hs_string message);
hs_string hs_error(const hs_request *request);

/* A serialised pipeline, opened to be scheduled and compiled as a generator does it; once, for schedules are not taken back. */
typedef struct hs_pipeline hs_pipeline;

/* Opens the content of an `.hlpipe` file. Never null: what went wrong is in hs_pipeline_error(), which is empty if nothing did.
 * Estimates of inputs do not survive serialising and have to be given again. */
hs_pipeline *hs_open(hs_string content);
void hs_close(hs_pipeline *pipeline);
hs_string hs_pipeline_error(const hs_pipeline *pipeline);

/* Estimates one dimension of the input or output buffers of a name, in place of what was estimated before. */
int32_t hs_estimate_dimension(hs_pipeline *pipeline, hs_string name, size_t dim, int32_t min, int32_t extent);

/* Estimates the scalar inputs of a name; the value is a decimal number. */
int32_t hs_estimate_scalar(hs_pipeline *pipeline, hs_string name, hs_string value);

/* Loads a plugin, as GenGen's `-p` does. */
int32_t hs_load_plugin(hs_pipeline *pipeline, hs_string path);

typedef struct {
    hs_string key, value;
} hs_param;

/* Applies an autoscheduler, which a plugin has registered. */
int32_t hs_schedule(hs_pipeline *pipeline, hs_string target, hs_string autoscheduler, const hs_param *params, size_t count);

/* Files to write; empty for none. */
typedef struct {
    hs_string object, stmt;
} hs_files;

/* Compiles a pipeline as the function of a name. `arguments` are the names of all inputs in the order of the signature; none
 * for an order of Halide's. */
int32_t hs_compile(hs_pipeline *pipeline, hs_string target, hs_string function, hs_files files,
                   const hs_string *arguments, size_t count);

/* Writes a pipeline with its schedule to an `.hlpipe` file. */
int32_t hs_save(hs_pipeline *pipeline, hs_string path);

#ifdef __cplusplus
}
#endif

#endif
