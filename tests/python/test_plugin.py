"""Schedules pipelines with the plugin, JIT-compiles and runs them, compares with NumPy.

    test_plugin.py PLUGIN_FILE

Prints `ok NAME` or `not ok NAME: REASON` for each test; fails if one failed. Each test
runs in a child process with limits, so that a crash is a failed test like any other.
"""

import contextlib
import io
import json
import multiprocessing
import os
import re
import resource
import signal
import stat
import sys
import tempfile
import traceback

import cases
import halide as hl
import numpy as np
import partly

NAME = "Srivastava2020"
SECONDS_PER_TEST = 60
MEMORY_BYTES = 4 << 30
ACCEPTED_KEYS = ["parallelism", "strategy"]


def schedule(outputs, params=None, target=None):
    pipeline = hl.Pipeline(outputs)
    params = {"parallelism": "2"} if params is None else params
    target = hl.get_jit_target_from_environment() if target is None else hl.Target(target)
    result = pipeline.apply_autoscheduler(target, hl.AutoschedulerParams(NAME, params))
    return pipeline, result


def realise(pipeline, size, types, minimum):
    buffers = [hl.Buffer(t, list(size)) for t in types]
    for buffer in buffers:
        if minimum:
            buffer.set_min(list(minimum))
    pipeline.realize(buffers if len(buffers) > 1 else buffers[0])
    return [np.array(buffer) for buffer in buffers]


def check_case(build, params):
    case = build()
    pipeline, _ = schedule(case.outputs, params)
    types = [t for output in case.outputs for t in output.types()]
    for size in case.sizes:
        expected = case.expected(size)
        got = realise(pipeline, size, types, case.minimum)
        assert len(got) == len(expected)
        for index, (g, e) in enumerate(zip(got, expected)):
            # A width of 1 is the last axis of the array, whatever its strides.
            np.testing.assert_array_equal(g, e, err_msg=f"output {index} at size {size}")


def error_of(outputs, params=None):
    try:
        schedule(outputs, params)
    except hl.HalideError as error:
        return str(error)
    raise AssertionError(f"no error with {params}")


def two_funcs():
    f, g = hl.Func("producer"), hl.Func("consumer")
    f[cases.x, cases.y] = cases.x * cases.y
    g[cases.x, cases.y] = f[cases.x, cases.y] + f[cases.x + 1, cases.y]
    g.set_estimates([hl.Range(0, cases.WIDTH), hl.Range(0, cases.HEIGHT)])
    return f, g


def rejects_an_unknown_key():
    message = error_of([two_funcs()[1]], {"parallelism": "2", "beam_width": "3"})
    for word in ["beam_width", *ACCEPTED_KEYS]:
        assert word in message, f"{word!r} is not in: {message}"


def rejects_bad_values():
    for key, value in [("parallelism", "many"), ("parallelism", "0"), ("parallelism", "-1"), ("strategy", "best")]:
        message = error_of([two_funcs()[1]], {key: value})
        for word in [key, value]:
            assert word in message, f"{word!r} is not in: {message}"


def lists_missing_estimates():
    f, g = hl.Func("estimated"), hl.Func("unestimated")
    f[cases.x, cases.y] = cases.x * cases.y
    g[cases.x, cases.y] = f[cases.x, cases.y] + 1
    f.set_estimates([hl.Range(0, cases.WIDTH), hl.Range(0, cases.HEIGHT)])
    g.set_estimate(cases.x, 0, cases.WIDTH)
    message = error_of([f, g])
    for word in ["estimate", "unestimated", "'y'"]:
        assert word in message, f"{word!r} is not in: {message}"
    assert "'x'" not in message, message


def needs_no_estimate_that_it_can_do_without():
    """The extent of a reduction is a parameter without an estimate."""
    count = hl.Param(hl.Int(32), "count", 7)
    r = hl.RDom([(0, count)])
    f = hl.Func("sum_to_count")
    f[cases.x] = 0
    f[cases.x] += r.x * cases.x
    f.set_estimates([hl.Range(0, cases.WIDTH)])
    pipeline, _ = schedule([f])
    assert list(np.array(pipeline.realize([5]))) == [21 * i for i in range(5)]


def works_after_an_error():
    outputs = [two_funcs()[1]]
    error_of(outputs, {"no_such_key": "1"})
    pipeline, _ = schedule(outputs)
    assert np.array(pipeline.realize([8, 4])).shape == (4, 8)


def row_sums(source):
    f, r = hl.Func("row_sums"), hl.RDom([(0, source.dim(0).extent())])
    f[cases.y] = hl.f32(0)
    f[cases.y] += source[r.x, cases.y] * source[r.x, cases.y]
    f.set_estimates([hl.Range(0, 48)])
    return f, lambda data: (data * data).sum(axis=1)


def row_maxima(source):
    f, r = hl.Func("row_maxima"), hl.RDom([(0, source.dim(0).extent())])
    f[cases.y] = hl.f32(-1)
    f[cases.y] = hl.max(f[cases.y], source[r.x, cases.y])
    f.set_estimates([hl.Range(0, 48)])
    return f, lambda data: data.max(axis=1)


def mean_of_everything(source):
    total, mean = hl.Func("total"), hl.Func("mean")
    r = hl.RDom([(0, source.dim(i).extent()) for i in range(2)])
    total[()] = hl.f32(0)
    total[()] += source[r.x, r.y]
    mean[()] = total[()] / hl.f32(source.dim(0).extent() * source.dim(1).extent())
    mean.set_estimates([])
    return mean, lambda data: data.mean()


def adds_floats_in_another_order_where_it_may():
    """Rows in lanes, and a single sum on all threads, at the estimates, below a vector and off its size."""
    for build in [row_sums, row_maxima, mean_of_everything]:
        for reassociate in ["false", "true"]:
            source = hl.ImageParam(hl.Float(32), 2, "source")
            source.set_estimates([hl.Range(0, 4096), hl.Range(0, 48)])
            output, expected = build(source)
            pipeline, result = schedule([output], {"parallelism": "2", "reassociate": reassociate})
            assert ("rfactor(" in result.schedule_source) == (reassociate == "true"), result.schedule_source
            for width, height in [(4096, 48), (1, 1), (7, 3), (33, 48), (4097, 5), (31, 100)]:
                data = np.random.default_rng(width).random((height, width)).astype(np.float32)
                source.set(hl.Buffer(data))
                got = np.array(pipeline.realize([height] if output.dimensions() else []))
                np.testing.assert_allclose(got, expected(data.astype(np.float64)), rtol=1e-4, err_msg=f"{width}x{height}")


def outputs_that_share_loops_have_sizes_of_their_own():
    """Also where something that both read is computed in these loops."""
    width, height = 2048, 1024
    for stored in [False, True]:
        source = hl.ImageParam(hl.Float(32), 2, "source")
        source.set_estimates([hl.Range(0, width), hl.Range(0, height)])
        edge, read = hl.BoundaryConditions.repeat_edge(source), hl.Func("read")
        taps = range(-3, 4) if stored else [0]
        read[cases.x, cases.y] = sum(edge[cases.x + tap, cases.y] for tap in taps)
        outputs = [hl.Func(f"shifted_{i}") for i in range(3)]
        for i, output in enumerate(outputs):
            output[cases.x, cases.y] = read[cases.x + i, cases.y] + read[cases.x, cases.y - i]
            output.set_estimates([hl.Range(0, width), hl.Range(0, height)])
        pipeline, result = schedule(outputs)
        assert result.schedule_source.count("compute_with(") == 2, result.schedule_source
        assert not stored or "store_at(" in result.schedule_source, result.schedule_source
        # Whole numbers, whose sums are exact in any order.
        data = np.random.default_rng(0).integers(0, 1000, (200, 300)).astype(np.float32)
        source.set(hl.Buffer(data))

        def values(xs, ys):
            rows = data[np.clip(ys, 0, 199)]
            return sum(rows[:, np.clip(xs + tap, 0, 299)] for tap in taps)

        sizes, corners = [(300, 200), (7, 33), (1, 100)], [(0, 0), (-5, 20), (9, -90)]
        for _ in sizes:
            sizes = sizes[1:] + sizes[:1]
            buffers = [hl.Buffer(hl.Float(32), list(size)) for size in sizes]
            for buffer, corner in zip(buffers, corners):
                buffer.set_min(list(corner))
            pipeline.realize(buffers)
            for i, (buffer, size, corner) in enumerate(zip(buffers, sizes, corners)):
                xs, ys = (c + np.arange(s) for c, s in zip(corner, size))
                got, expected = np.array(buffer).reshape(size[1], size[0]), values(xs + i, ys) + values(xs, ys - i)
                np.testing.assert_array_equal(got, expected, err_msg=f"{i} of {sizes}")


def outputs_join_those_that_join_others():
    sources = [hl.ImageParam(hl.Float(32), 2, name) for name in ["left", "right"]]
    outputs = [hl.Func(name) for name in ["of_left", "of_both", "of_right"]]
    left, right = (source[cases.x, cases.y] for source in sources)
    for output, value in zip(outputs, [left + 1, left + right, right * 2]):
        output[cases.x, cases.y] = value
    for sized in sources + outputs:
        sized.set_estimates([hl.Range(0, 2048), hl.Range(0, 1024)])
    source = schedule(outputs)[1].schedule_source
    assert source.count(".compute_with(of_right_,") == 2, source


def goes_through_volumes_in_slices():
    """What strips would hold of a volume does not fit caches. (With wider vectors less of it is stored, and that does.)"""
    outputs = cases.disparity_of_the_best_match().outputs
    source = schedule(outputs, target="x86-64-linux-avx-avx2-f16c-fma-sse41")[1].schedule_source
    assert source.count('.compute_at(best_, RVar("r$x"))') == 2, source


def scatters_a_step_at_a_time():
    source = schedule(cases.histograms_of_cells().outputs)[1].schedule_source
    assert '.compute_at(histogram_, RVar("r$y"))' in source, source


def reported_pipeline(output):
    """The pipeline of an output, as a report has it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        schedule([output], {"parallelism": "2", "report": path})
        with open(path) as report:
            return json.load(report)["pipeline"]


def described(output):
    """The pure definition of an output."""
    return {func["name"]: func for func in reported_pipeline(output)["funcs"]}[output.name()]["stages"][0]


def describes_what_varies():
    """Operations by the loops that they depend on; those that no loop moves are none, and loops may only add to a look-up."""
    scale = hl.Param(hl.Float(32), "scale", 2.0)
    scale.set_estimate(2.0)
    table, out = hl.ImageParam(hl.Float(32), 2, "table"), hl.Func("looked_up")
    table.set_estimates([hl.Range(0, 300), hl.Range(0, 4)])
    looked_up = table[hl.i32(table[cases.x, 0]) + cases.y, cases.y]
    # Quotients by constants are products.
    out[cases.x, cases.y] = looked_up / 3.0 * (1.0 / scale) * hl.sqrt(hl.f32(cases.y))
    out.set_estimates([hl.Range(0, cases.WIDTH), hl.Range(0, 4)])
    stage = described(out)
    operations = {tuple(group["loops"]): group["counts"] for group in stage["operations"]}
    assert operations[0, 1]["float32"] == {"mul": 3}, operations
    assert operations[1,]["float32"] == {"cast": 1, "sqrt": 1}, operations
    assert operations[0,] == {"int32": {"cast": 1}}, operations
    [lookup] = [access for access in stage["accesses"] if access["by_data"]]
    assert lookup["moved_by"] == [0] and lookup["added"] == [{"dim": 0, "index": 1, "step": [1, 1]}], lookup


def describes_operations_in_their_types():
    """Products of bytes in 16 bits; quotients by powers of two are shifts. Coordinates have 32."""
    source, out = hl.ImageParam(hl.UInt(8), 1, "source"), hl.Func("weighted")
    source.set_estimates([hl.Range(0, 1026)])
    left, right = (hl.u16(source[cases.x + offset]) for offset in (0, 1))
    out[cases.x] = hl.u8((left * 3 + right * 5) / 8)
    out.set_estimates([hl.Range(0, 1024)])
    [group] = described(out)["operations"]
    assert group["counts"]["uint16"]["mul"] == 2 and "div_by_constant" not in group["counts"]["uint16"], group
    assert group["counts"]["int32"] == {"add": 1}, group


def describes_what_the_simplifier_leaves():
    """What is multiplied by zero is not computed, though regions are worked out as if it were."""
    kept, dropped, out = hl.Func("kept"), hl.Func("dropped"), hl.Func("out")
    kept[cases.x] = hl.i32(cases.x)
    dropped[cases.x] = hl.i32(cases.x) * 2
    out[cases.x] = kept[cases.x] % 100 + dropped[cases.x] * 0
    out.set_estimates([hl.Range(0, 1024)])
    stage = described(out)
    sources = [access["source"] for access in stage["accesses"]]
    assert len(sources) == 1 and len(stage["requires"]) == 2, stage
    [read] = stage["dropped"]
    assert read["value"] == 0 and read["source"] not in sources, read
    [group] = stage["operations"]
    assert set(group["counts"]["int32"]) == {"div_by_constant"}, group


def describes_whose_values_are_trusted():
    """Values that alone keep coordinates within bounds; one that is clamped is not trusted, one from a table is as good as it."""
    chosen, below = hl.Func("chosen"), hl.Func("below")
    chosen[cases.x] = cases.x % 7
    below[cases.x] = chosen[cases.x] + 1
    table, out = hl.Func("table"), hl.Func("looked_up")
    table[cases.x] = cases.x * 3
    out[cases.x] = table[below[cases.x]] + table[hl.clamp(table[cases.x], 0, 9)]
    out.set_estimates([hl.Range(0, 1024)])
    funcs = reported_pipeline(out)["funcs"]
    index = {func["name"]: i for i, func in enumerate(funcs)}
    by_name = {func["name"]: func for func in funcs}
    assert by_name[out.name()]["stages"][0]["indexed_by"] == [index[below.name()]], by_name[out.name()]
    assert by_name[below.name()]["bounded_by"] == [index[chosen.name()]], by_name[below.name()]
    assert "bounded_by" not in by_name[chosen.name()] and "bounded_by" not in by_name[out.name()], by_name


def brings_no_halide_of_its_own():
    with open("/proc/self/maps") as maps:
        files = {line.split()[-1] for line in maps if "/" in line}
    names = [os.path.basename(file) for file in files]
    assert sum(name.startswith("libHalide.so") for name in names) == 1, sorted(files)
    assert sum(name.startswith("libsrivastava2020_halide") for name in names) == 1, sorted(files)


def gives_a_schedule_source():
    case = cases.two_stage_stencil_with_repeated_edge()
    _, result = schedule(case.outputs)
    assert "get_func(" in result.schedule_source, result.schedule_source


def write_schedule_with_padded_rows(path):
    producer, consumer = two_funcs()
    producer.compute_root().align_storage(cases.x, 24)
    hl.serialize_pipeline(hl.Pipeline([consumer]), path)


def reads_padded_rows_from_a_schedule_in_a_file():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "expert.hlpipe")
        # In a process of its own, since Halide numbers the Funcs that a process builds.
        with multiprocessing.get_context("fork").Pool(1) as pool:
            pool.apply(write_schedule_with_padded_rows, [path])
        pipeline, result = schedule([two_funcs()[1]], {"parallelism": "2", "schedule": path})
    assert ".align_storage(x, 24)" in result.schedule_source, result.schedule_source
    [got] = realise(pipeline, (5, 3), [hl.Int(32)], None)
    np.testing.assert_array_equal(got, [[(2 * x + 1) * y for x in range(5)] for y in range(3)])


def places_what_is_partly_scheduled(apply, func):
    """What the user has decided stays, and nothing is computed anew wherever it is read."""
    image = partly.Image()
    apply(image)
    pipeline, result = schedule([image.out])
    if func:
        [name] = [line.split()[1] for line in result.schedule_source.splitlines() if line.endswith(f"  // {func}")]
        assert re.search(rf"\b{name}\s+\.compute_root\(\)", result.schedule_source), result.schedule_source
    for size in [(partly.WIDTH, partly.HEIGHT), (33, 7), (1, 1)]:
        [got] = realise(pipeline, size, [hl.Int(32)], None)
        np.testing.assert_array_equal(got, image.expected(size), err_msg=str(size))


def leaves_alone_what_is_partly_scheduled_and_read_nowhere():
    """Halide 21 refuses an async Func at root whose every load its simplifier drops."""
    for strategy in ["root", "greedy", "beam"]:
        kept, dropped, shifted, out = (hl.Func(n) for n in ["kept", "dropped", "shifted", "out"])
        kept[cases.x] = hl.i32(cases.x)
        dropped[cases.x] = hl.i32(cases.x) * 2
        dropped.async_()
        shifted[cases.x] = dropped[cases.x + 1]
        out[cases.x] = kept[cases.x] % 100 + dropped[cases.x] * 0 + shifted[cases.x] * 0
        out.set_estimates([hl.Range(0, 1024)])
        pipeline, result = schedule([out], {"strategy": strategy})
        assert "// dropped" not in result.schedule_source, result.schedule_source
        [got] = realise(pipeline, (1000,), [hl.Int(32)], None)
        np.testing.assert_array_equal(got, np.arange(1000) % 100)


def same_name_for_everything():
    """A Func, a buffer, and a Var: names identify nothing."""
    data = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    buffer = hl.Buffer(hl.Float(32), [64, 64], "a")
    np.array(buffer, copy=False)[:] = data
    a, product, v, r = hl.Func("a"), hl.Func("product"), hl.Var("a"), hl.RDom([(0, 64)], "a")
    a[v, cases.y] = buffer[v, cases.y]
    product[v, cases.y] = hl.f32(0)
    product[v, cases.y] += a[r, cases.y] * a[v, r]
    product.set_estimates([hl.Range(0, 64), hl.Range(0, 64)])
    pipeline, _ = schedule([product])
    np.testing.assert_allclose(np.array(pipeline.realize([64, 64])), data @ data, rtol=1e-5)


def shared_subexpressions():
    """Expressions are graphs: fifty doublings have 2^50 paths, as values and as coordinates, affine or not."""
    source = hl.ImageParam(hl.Int(32), 1, "source")
    source.set_estimates([hl.Range(0, 1000)])

    def doubled(e):
        for _ in range(50):
            e = e * e + e
        return e

    def folded(e):
        for _ in range(50):
            e = hl.abs(e - 300) + hl.select(e > 500, e // 2, e // 3)
        return hl.i32(e)

    of_value, of_coordinate, of_data, out = (hl.Func(name) for name in ["value", "coordinate", "data", "out"])
    edge = hl.BoundaryConditions.repeat_edge(source)
    of_value[cases.x] = doubled(edge[cases.x])
    of_coordinate[cases.x] = edge[hl.clamp(doubled(cases.x), 0, 999)]
    of_data[cases.x] = edge[hl.clamp(folded(edge[cases.x]), 0, 999)]
    out[cases.x] = of_value[cases.x] + of_coordinate[cases.x] + of_data[cases.x]
    out.set_estimates([hl.Range(0, 1000)])
    schedule([out])


def shifts_by(parameter, **params):
    source, out = hl.ImageParam(hl.Int(32), 1, "source"), hl.Func("out")
    source.set_estimates([hl.Range(0, 1000)])
    edge, shifted = hl.BoundaryConditions.repeat_edge(source), hl.Func("shifted")
    shifted[cases.x] = edge[cases.x] * 3
    out[cases.x] = shifted[cases.x + parameter] + shifted[cases.x - parameter]
    out.set_estimates([hl.Range(0, 1000)])
    pipeline, _ = schedule([out], {"parallelism": "2", **params})
    data = np.random.default_rng(1).integers(0, 1000, 1000).astype(np.int32)
    source.set(hl.Buffer(data))
    parameter.set(5)
    places = np.arange(1000)
    at = [data[np.clip(places + shift, 0, 999)] for shift in (5, -5)]
    np.testing.assert_array_equal(np.array(pipeline.realize([1000])), 3 * sum(at))


def warnings_of(action):
    """What Halide prints meanwhile, as Python prints it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        action()
    return printed.getvalue()


def assumes_scalars_without_estimates():
    ranged = hl.Param(hl.Int(32), "ranged")
    ranged.set_range(2, 40)
    for parameter, value in [(hl.Param(hl.Int(32), "bare"), 1), (hl.Param(hl.Int(32), "set", 7), 7), (ranged, 21)]:
        words = warnings_of(lambda parameter=parameter: shifts_by(parameter))
        assert f"'{parameter.name()}' is taken as {value}," in words, words
    try:
        shifts_by(hl.Param(hl.Int(32), "strict"), strict_estimates="true")
    except hl.HalideError as error:
        assert "'strict'" in str(error) and "set_estimate" in str(error), error
    else:
        raise AssertionError("no error")


def schedules_for_an_unknown_target():
    outputs = [two_funcs()[1]]
    params = hl.AutoschedulerParams(NAME, {"parallelism": "2"})
    words = warnings_of(lambda: hl.Pipeline(outputs).apply_autoscheduler(hl.Target(), params))
    assert "vectors of 16 bytes" in words, words


def takes_bounds_for_facts():
    """Constraints on outputs and inputs win over estimates that contradict them, and do without."""
    source, out, r = hl.ImageParam(hl.Int(32), 2, "source"), hl.Func("out"), hl.RDom([(0, 3)])
    source.set_estimates([hl.Range(0, 50), hl.Range(0, 50)])
    source.dim(0).set_bounds(0, 128)
    out[cases.x, cases.y] = 0
    out[cases.x, cases.y] += source[cases.x, cases.y + r] * (source.dim(0).extent() + r)
    out.set_estimate(cases.x, 0, 100)
    out.output_buffer().dim(0).set_bounds(0, 128)
    out.output_buffer().dim(1).set_bounds(0, 40)
    pipeline = reported_pipeline(out)
    assert pipeline["inputs"][0]["dims"][0] == {"min": 0, "extent": 128}, pipeline["inputs"]
    assert pipeline["funcs"][-1]["bounds"] == {v: {"min": 0, "extent": e} for v, e in [("x", 128), ("y", 40)]}


def reads_regular_files_only():
    with tempfile.TemporaryDirectory() as folder:
        fifo, sparse = (os.path.join(folder, name) for name in ["fifo.hlpipe", "sparse.hlpipe"])
        os.mkfifo(fifo)
        with open(sparse, "wb") as file:
            file.truncate(2 << 30)
        for path, fault in [(fifo, "a FIFO"), ("/dev/zero", "a device"), (folder, "a folder"), (sparse, "64 MiB")]:
            for key in ["schedule", "model"]:
                message = error_of([two_funcs()[1]], {key: path})
                assert path in message and fault in message, message
        for content in [b"", b"no pipeline at all", bytes(100), b"\xff" * 100]:
            path = os.path.join(folder, "broken.hlpipe")
            with open(path, "wb") as file:
                file.write(content)
            message = error_of([two_funcs()[1]], {"schedule": path})
            assert path in message and "no serialised pipeline" in message, message


def reports_never_replace_what_is_no_file():
    with tempfile.TemporaryDirectory() as folder:
        fifo, link, file = (os.path.join(folder, name) for name in ["fifo", "link", "file"])
        os.mkfifo(fifo)
        os.symlink("file", link)
        message = error_of([two_funcs()[1]], {"report": fifo})
        assert fifo in message and "nobody reads it" in message, message
        assert stat.S_ISFIFO(os.stat(fifo).st_mode)
        schedule([two_funcs()[1]], {"report": link})
        assert os.path.islink(link) and "directives" in json.load(open(file))
        if os.geteuid() == 0:
            full = os.path.join(folder, "full")
            os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))
            message = error_of([two_funcs()[1]], {"report": full})
            assert full in message and "space" in message, message
            assert stat.S_ISCHR(os.stat(full).st_mode)


def source_of_a_schedule():
    case = cases.long_chain_of_stencils()
    return schedule(case.outputs)[1].schedule_source


def is_deterministic():
    # In processes of their own, since Halide numbers the Funcs that a process builds.
    sources = []
    for _ in range(2):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            sources.append(pool.apply(source_of_a_schedule))
    assert sources[0] == sources[1], "\n".join(sources)


def test_list():
    tests = {}
    for name, build in cases.CASES.items():
        tests[name] = lambda build=build: check_case(build, {"parallelism": "2"})
    for strategy in ["beam", "greedy", "random", "root", "none"]:
        build = cases.two_stage_stencil_with_repeated_edge
        tests[f"strategy_{strategy}"] = lambda build=build, s=strategy: check_case(build, {"strategy": s})
    others = [rejects_an_unknown_key, rejects_bad_values, lists_missing_estimates, works_after_an_error]
    others += [needs_no_estimate_that_it_can_do_without, gives_a_schedule_source, is_deterministic]
    others += [adds_floats_in_another_order_where_it_may, outputs_that_share_loops_have_sizes_of_their_own]
    others += [outputs_join_those_that_join_others, goes_through_volumes_in_slices, describes_what_varies]
    others += [describes_operations_in_their_types, describes_what_the_simplifier_leaves]
    others += [describes_whose_values_are_trusted]
    for name, (apply, func) in partly.variants().items():
        tests[f"partly_{name}"] = lambda apply=apply, func=func: places_what_is_partly_scheduled(apply, func)
    others += [leaves_alone_what_is_partly_scheduled_and_read_nowhere]
    others += [same_name_for_everything, shared_subexpressions, assumes_scalars_without_estimates]
    others += [schedules_for_an_unknown_target, takes_bounds_for_facts, brings_no_halide_of_its_own]
    others += [reads_regular_files_only, reports_never_replace_what_is_no_file, scatters_a_step_at_a_time]
    # Halide 19 cannot serialise pipelines from Python.
    if hasattr(hl, "serialize_pipeline"):
        others += [reads_padded_rows_from_a_schedule_in_a_file]
    tests.update({test.__name__: test for test in others})
    return tests


def start(test, plugin):
    """A process that runs a test, and the file that it writes its failure to."""
    failure = tempfile.TemporaryFile("w+")
    child = os.fork()
    if child:
        return child, failure
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.alarm(SECONDS_PER_TEST)
    reason = ""
    try:
        hl.load_plugin(plugin)
        test()
    except BaseException:
        reason = traceback.format_exc(limit=-1)
    failure.write(reason)
    failure.flush()
    os._exit(1 if reason else 0)


def why_it_failed(status, failure):
    if status == -signal.SIGALRM:
        return f"took more than {SECONDS_PER_TEST} s"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    failure.seek(0)
    return failure.read() or None


def run(tests, plugin):
    """Runs tests, as many at a time as there are CPUs, and yields their names and failures as they end."""
    waiting, running = list(reversed(tests.items())), {}
    while waiting or running:
        while waiting and len(running) < len(os.sched_getaffinity(0)):
            name, test = waiting.pop()
            child, failure = start(test, plugin)
            running[child] = name, failure
        child, status = os.wait()
        name, failure = running.pop(child)
        with failure:
            yield name, why_it_failed(os.waitstatus_to_exitcode(status), failure)


def main():
    plugin, only = os.path.abspath(sys.argv[1]), sys.argv[2:]
    failed = 0
    tests = {name: test for name, test in test_list().items() if not only or name in only}
    for name, reason in run(tests, plugin):
        failed += reason is not None
        print(f"ok {name}" if reason is None else f"not ok {name}: {reason.rstrip()}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
