"""Pipelines that autoschedulers find hard, each with what it must compute."""

from dataclasses import dataclass, field
from typing import Callable

import halide as hl
import numpy as np

WIDTH, HEIGHT = 64, 48
SIZES = [(WIDTH, HEIGHT), (1, 1), (7, 33), (WIDTH - 1, HEIGHT + 1)]


@dataclass
class Case:
    """A freshly built pipeline, and what it must give.

    `outputs` are its output Funcs, `sizes` the output sizes to realise, of which the
    first is the estimate, and `minimum` the coordinates of the outputs' first element.
    `expected(size)` is the list of arrays (`[y, x]`) that the outputs must be.
    """

    outputs: list
    expected: Callable
    sizes: list = field(default_factory=lambda: SIZES)
    minimum: tuple = None

    def __post_init__(self):
        extents = self.sizes[0]
        minimum = self.minimum or (0,) * len(extents)
        for output in self.outputs:
            output.set_estimates([hl.Range(m, e) for m, e in zip(minimum, extents)])


CASES = {}
# A Halide buffer made from an array does not own it, and the pipeline owns only the buffer.
_arrays_alive = []


def case(build):
    CASES[build.__name__] = build
    return build


def image(dtype=np.int32, shape=(HEIGHT, WIDTH), seed=1):
    array = np.random.default_rng(seed).integers(0, 200, size=shape).astype(dtype)
    _arrays_alive.append(array)
    return array


def padded(array, size):
    """`array` as an image of `size` with its edges repeated."""
    (width, height) = size
    rows = np.clip(np.arange(height), 0, array.shape[0] - 1)
    columns = np.clip(np.arange(width), 0, array.shape[1] - 1)
    return array[np.ix_(rows, columns)]


def coordinates(size):
    (width, height) = size
    return np.meshgrid(np.arange(width), np.arange(height))


x, y = hl.Var("x"), hl.Var("y")


@case
def single_pure_func():
    f = hl.Func("single")
    f[x, y] = x + 100 * y
    return Case([f], lambda size: [coordinates(size)[0] + 100 * coordinates(size)[1]])


@case
def two_stage_stencil_with_repeated_edge():
    data = image(np.uint16)
    source = hl.BoundaryConditions.repeat_edge(hl.Buffer(data))
    rows, out = hl.Func("rows"), hl.Func("stencil")
    rows[x, y] = source[x - 1, y] + source[x, y] + source[x + 1, y]
    out[x, y] = rows[x, y - 1] + rows[x, y] + rows[x, y + 1]

    def expected(size):
        inner = padded(np.pad(data, 1, mode="edge"), (WIDTH + 8, HEIGHT + 8))
        height, width = HEIGHT + 4, WIDTH + 4
        total = sum(inner[j : j + height, i : i + width] for i in range(3) for j in range(3))
        return [total[: size[1], : size[0]]]

    return Case([out], expected)


@case
def long_chain_of_stencils():
    data = image(np.int32)
    previous = hl.BoundaryConditions.mirror_image(hl.Buffer(data))
    for stage in range(16):
        f = hl.Func(f"chain_{stage}")
        f[x, y] = (previous[x - 1, y] + 2 * previous[x, y] + previous[x, y + 1]) >> 1
        previous = f

    def expected(size):
        wide = np.pad(data, 40, mode="symmetric")
        for _ in range(16):
            wide = (np.roll(wide, 1, axis=1) + 2 * wide + np.roll(wide, -1, axis=0)) >> 1
        return [wide[40 : 40 + size[1], 40 : 40 + size[0]]]

    return Case([previous], expected)


@case
def tuple_of_two_types():
    data = image()
    source = hl.BoundaryConditions.repeat_edge(hl.Buffer(data))
    pair, out = hl.Func("pair"), hl.Func("tuple_out")
    pair[x, y] = (source[x, y] * 3, hl.u8(x + y))
    out[x, y] = (pair[x + 1, y][0] - pair[x, y][0], pair[x, y][1] + hl.u8(1))

    def expected(size):
        wide = 3 * padded(data, (size[0] + 1, size[1]))
        xs, ys = coordinates(size)
        return [wide[:, 1:] - wide[:, :-1], (xs + ys + 1).astype(np.uint8)]

    return Case([out], expected)


@case
def tuple_reduction_argmax():
    data = image()
    source, r = hl.Buffer(data), hl.RDom([(0, WIDTH)])
    best, out = hl.Func("best"), hl.Func("argmax")
    best[y] = (hl.i32(-1), hl.i32(0))
    value = source[r, hl.clamp(y, 0, HEIGHT - 1)]
    better = value > best[y][0]
    best[y] = (hl.select(better, value, best[y][0]), hl.select(better, hl.i32(r), best[y][1]))
    out[y] = best[y][0] * 1000 + best[y][1]
    return Case(
        [out],
        lambda size: [(data.max(axis=1) * 1000 + data.argmax(axis=1))[: size[0]]],
        sizes=[(HEIGHT,), (1,), (7,), (HEIGHT - 1,)],
    )


@case
def histogram_scatter():
    data = image(np.uint8)
    r = hl.RDom([(0, WIDTH), (0, HEIGHT)])
    source, histogram = hl.Buffer(data), hl.Func("histogram")
    histogram[x] = hl.u32(0)
    histogram[hl.i32(source[r.x, r.y])] += hl.u32(1)
    out = hl.Func("histogram_out")
    out[x] = histogram[x] * 2
    counts = 2 * np.bincount(data.ravel(), minlength=256).astype(np.uint32)
    return Case([out], lambda size: [counts[: size[0]]], sizes=[(256,)])


@case
def histogram_equalisation_reads_its_own_scan():
    data = image(np.uint8)
    r, bins = hl.RDom([(0, WIDTH), (0, HEIGHT)]), hl.RDom([(1, 255)])
    source, histogram, cdf = hl.Buffer(data), hl.Func("counts"), hl.Func("cdf")
    histogram[x] = 0
    histogram[hl.i32(source[r.x, r.y])] += 1
    cdf[x] = histogram[0]
    cdf[bins.x] = cdf[bins.x - 1] + histogram[bins.x]
    out = hl.Func("equalised")
    clamped = hl.BoundaryConditions.repeat_edge(source)
    out[x, y] = cdf[hl.i32(clamped[x, y])]
    table = np.cumsum(np.bincount(data.ravel(), minlength=256)).astype(np.int32)
    return Case([out], lambda size: [table[padded(data, size)]])


@case
def scan_in_both_directions():
    data = image()
    source, r = hl.Buffer(data), hl.RDom([(1, WIDTH - 1)])
    scan = hl.Func("scan")
    scan[x, y] = source[hl.clamp(x, 0, WIDTH - 1), hl.clamp(y, 0, HEIGHT - 1)]
    scan[r, y] = scan[r - 1, y] + scan[r, y]
    last = WIDTH - 1
    scan[last - r, y] = (scan[last - r + 1, y] - 3 * scan[last - r, y]) % 1000
    out = hl.Func("scan_out")
    out[x, y] = scan[hl.clamp(x, 0, last), y]

    def expected(size):
        values = np.cumsum(padded(data, (WIDTH, size[1])), axis=1).astype(np.int32)
        for column in range(last - 1, -1, -1):
            values[:, column] = (values[:, column + 1] - 3 * values[:, column]) % 1000
        return [padded(values, size)]

    return Case([out], expected)


@case
def scan_along_the_outer_dimension():
    data = image()
    r = hl.RDom([(1, HEIGHT - 1)])
    source = hl.BoundaryConditions.repeat_edge(hl.Buffer(data))
    scan, out = hl.Func("column_scan"), hl.Func("column_scan_out")
    scan[x, y] = source[x, y]
    scan[x, r] += scan[x, r - 1]
    out[x, y] = scan[x, hl.clamp(y, 0, HEIGHT - 1)]

    def expected(size):
        total = np.cumsum(padded(data, (size[0], HEIGHT)), axis=0).astype(np.int32)
        return [padded(total, size)]

    return Case([out], expected)


@case
def gather_through_a_table():
    data, table = image(), image(np.int32, (200,), seed=2)
    source = hl.BoundaryConditions.repeat_edge(hl.Buffer(data))
    lut, index = hl.Func("lut"), hl.Func("index")
    lut[x] = hl.Buffer(table)[x] * 7
    index[x, y] = hl.clamp(source[x, y] + x % 3, 0, 199)
    out = hl.Func("gathered")
    out[x, y] = lut[index[x, y]]

    def expected(size):
        xs, _ = coordinates(size)
        return [7 * table[np.clip(padded(data, size) + xs % 3, 0, 199)]]

    return Case([out], expected)


@case
def zero_dimensional_sum():
    data = image()
    r = hl.RDom([(0, WIDTH), (0, HEIGHT)])
    total, out = hl.Func("total"), hl.Func("scaled")
    total[()] = 0
    total[()] += hl.Buffer(data)[r.x, r.y]
    out[x, y] = total[()] + x
    return Case([out], lambda size: [data.sum(dtype=np.int32) + coordinates(size)[0]])


@case
def zero_dimensional_output():
    data = image()
    r = hl.RDom([(0, WIDTH), (0, HEIGHT)])
    out = hl.Func("scalar_out")
    out[()] = 5
    out[()] += hl.Buffer(data)[r.x, r.y]
    return Case([out], lambda size: [np.int32(5 + data.sum())], sizes=[()])


@case
def rdom_with_predicate():
    data = image()
    r = hl.RDom([(0, WIDTH), (0, HEIGHT)])
    r.where(r.x + 2 * r.y < 90)
    r.where(r.x % 3 != 1)
    source, sums = hl.Buffer(data), hl.Func("masked")
    sums[x] = 0
    sums[r.x] += source[r.x, r.y]
    xs, ys = coordinates((WIDTH, HEIGHT))
    total = np.where((xs + 2 * ys < 90) & (xs % 3 != 1), data, 0).sum(axis=0).astype(np.int32)
    return Case([sums], lambda size: [total], sizes=[(WIDTH,)])


@case
def rdom_with_data_dependent_bounds():
    data, lengths = image(), image(np.int32, (HEIGHT,), seed=3)
    source, count = hl.Buffer(data), hl.Func("count")
    count[y] = hl.Buffer(lengths)[hl.clamp(y, 0, HEIGHT - 1)] % WIDTH
    r = hl.RDom([(0, WIDTH)])
    r.where(r < count[y])
    out = hl.Func("ragged")
    out[y] = 0
    out[y] += source[r, hl.clamp(y, 0, HEIGHT - 1)]
    total = np.array([row[:n].sum() for row, n in zip(data, lengths % WIDTH)], dtype=np.int32)
    return Case([out], lambda size: [total[: size[0]]], sizes=[(HEIGHT,), (1,), (7,)])


@case
def updates_whose_order_matters():
    data = image()
    source, r = hl.BoundaryConditions.repeat_edge(hl.Buffer(data)), hl.RDom([(0, 5)])
    f, out = hl.Func("horner"), hl.Func("horner_out")
    f[x, y] = source[x, y]
    f[x, y] = f[x, y] * 3 + source[x + r, y]
    f[x, 0] = f[x, 0] + 7
    f[x, y] = f[x, y] ^ 5
    out[x, y] = f[x, y] + f[x + 1, y]

    def expected(size):
        wide = padded(data, (size[0] + 10, size[1]))
        columns = size[0] + 1
        value = wide[:, :columns].copy()
        for step in range(5):
            value = value * 3 + wide[:, step : step + columns]
        value[0] += 7
        value ^= 5
        return [value[:, :-1] + value[:, 1:]]

    return Case([out], expected)


@case
def several_outputs_that_share_a_producer():
    data = image()
    source = hl.BoundaryConditions.constant_exterior(hl.Buffer(data), 9)
    shared = hl.Func("shared")
    first, second = hl.Func("first"), hl.Func("second")
    shared[x, y] = source[x, y] + source[x + 1, y + 1]
    first[x, y] = shared[x, y] * 2
    second[x, y] = first[x, y] - shared[x, y - 1]

    def expected(size):
        wide = np.full((size[1] + 2, size[0] + 1), 9, np.int32)
        rows, columns = min(HEIGHT, size[1] + 1), min(WIDTH, size[0] + 1)
        wide[1 : 1 + rows, :columns] = data[:rows, :columns]
        total = wide[:-1, :-1] + wide[1:, 1:]
        return [2 * total[1:], 2 * total[1:] - total[:-1]]

    return Case([first, second], expected)


@case
def output_that_does_not_start_at_zero():
    producer, out = hl.Func("offset_producer"), hl.Func("offset")
    producer[x, y] = x * x + y
    out[x, y] = producer[x - 1, y] + producer[x + 1, y + 2]

    def expected(size):
        xs, ys = coordinates(size)
        xs, ys = xs - 5, ys + 11
        return [(xs - 1) ** 2 + ys + (xs + 1) ** 2 + ys + 2]

    return Case([out], expected, minimum=(-5, 11))


@case
def interleaved_input():
    data = image(np.uint8, (HEIGHT, WIDTH, 3))
    source = hl.ImageParam(hl.UInt(8), 3, "interleaved")
    source.dim(0).set_stride(3)
    source.dim(2).set_stride(1)
    source.dim(2).set_bounds(0, 3)
    source.set_estimates([hl.Range(0, WIDTH), hl.Range(0, HEIGHT), hl.Range(0, 3)])
    buffer = hl.Buffer(data.transpose(2, 0, 1))
    buffer_of = hl.Buffer.make_interleaved(hl.UInt(8), WIDTH, HEIGHT, 3)
    np.array(buffer_of, copy=False)[...] = np.array(buffer, copy=False)
    source.set(buffer_of)
    clamped = hl.BoundaryConditions.repeat_edge(source)
    out = hl.Func("grey")
    out[x, y] = sum(hl.i32(clamped[x, y, c]) * (c + 1) for c in range(3))
    weighted = (data.astype(np.int32) * [1, 2, 3]).sum(axis=2).astype(np.int32)
    return Case([out], lambda size: [padded(weighted, size)])


@case
def matrix_product():
    a, b = image(np.int32, (HEIGHT, 32), 4), image(np.int32, (32, WIDTH), 5)
    r, product = hl.RDom([(0, 32)]), hl.Func("product")
    left, right = hl.Buffer(a), hl.BoundaryConditions.repeat_edge(hl.Buffer(b))
    product[x, y] = 0
    product[x, y] += left[r, hl.clamp(y, 0, HEIGHT - 1)] * right[x, r]
    out = hl.Func("relu")
    out[x, y] = hl.max(product[x, y] - 200000, 0)
    return Case([out], lambda size: [padded(np.maximum(a @ b - 200000, 0), size)])


@case
def downsample_and_upsample():
    data = image()
    source = hl.BoundaryConditions.repeat_edge(hl.Buffer(data))
    down, out = hl.Func("down"), hl.Func("up")
    down[x, y] = source[2 * x, 2 * y] + source[2 * x + 1, 2 * y + 1]
    out[x, y] = down[x // 2, y // 2] * 10 + x % 2

    def expected(size):
        wide = padded(data, (size[0] + 2, size[1] + 2))
        half = wide[0:-1:2, 0:-1:2] + wide[1::2, 1::2][: len(wide[0:-1:2]), :]
        full = np.repeat(np.repeat(half, 2, axis=0), 2, axis=1)[: size[1], : size[0]]
        return [full * 10 + coordinates(size)[0] % 2]

    return Case([out], expected)


@case
def scalar_parameter():
    gain = hl.Param(hl.Int(32), "gain", 3)
    gain.set_estimate(3)
    out = hl.Func("gained")
    out[x, y] = (x + y) * gain
    return Case([out], lambda size: [sum(coordinates(size)) * 3])


@case
def some_funcs_already_scheduled():
    data = image()
    source = hl.BoundaryConditions.repeat_edge(hl.Buffer(data))
    fixed, free = hl.Func("fixed"), hl.Func("free")
    out = hl.Func("mixed")
    fixed[x, y] = source[x, y] * 5
    free[x, y] = fixed[x + 1, y] + fixed[x, y + 1]
    out[x, y] = free[x, y] + free[x, y + 1]
    fixed.compute_root().vectorize(x, 4).parallel(y)

    def expected(size):
        wide = 5 * padded(data, (size[0] + 1, size[1] + 2))
        free = wide[:-1, 1:] + wide[1:, :-1]
        return [free[:-1] + free[1:]]

    return Case([out], expected)


@case
def channel_that_the_input_bounds():
    """Bounds of fused rows and channels must not reach channels that are not there."""
    data = image(np.uint8, (3, HEIGHT, WIDTH))
    source = hl.ImageParam(hl.UInt(8), 3, "planar")
    source.dim(2).set_bounds(0, 3)
    source.set(hl.Buffer(data))
    c = hl.Var("c")
    clamped = hl.BoundaryConditions.repeat_edge(source, [(0, WIDTH), (0, HEIGHT)])
    luma, histogram, out = hl.Func("luma"), hl.Func("bins"), hl.Func("planes")
    r = hl.RDom([(0, WIDTH), (0, HEIGHT)])
    luma[x, y] = hl.i32(clamped[x, y, 0]) + clamped[x, y, 1] + clamped[x, y, 2]
    histogram[x] = 0
    histogram[luma[r.x, r.y]] += 1
    out[x, y, c] = hl.i32(clamped[x, y, c]) + histogram[luma[x, y]]
    out.output_buffer().dim(2).set_bounds(0, 3)

    def expected(size):
        planes = np.stack([padded(plane, size[:2]) for plane in data.astype(np.int32)])
        bins = np.bincount(data.astype(np.int64).sum(axis=0).ravel(), minlength=600).astype(np.int32)
        return [planes + bins[planes.sum(axis=0)]]

    return Case([out], expected, sizes=[(WIDTH, HEIGHT, 3), (1, 1, 3), (7, 33, 3), (WIDTH, 4, 3)])


@case
def disparity_of_the_best_match():
    """Costs of all disparities are far more than caches hold: they are computed inside the reduction over disparities."""
    width, height, disparities, radius = 512, 96, 64, 2
    images = [image(np.int32, (height, width), seed) for seed in (1, 2)]
    left, right = (hl.BoundaryConditions.repeat_edge(hl.Buffer(data)) for data in images)
    d, r = hl.Var("d"), hl.RDom([(0, disparities)], "r")
    cost, down, across = hl.Func("cost"), hl.Func("down"), hl.Func("across")
    best, out = hl.Func("best"), hl.Func("disparity")
    offsets = range(-radius, radius + 1)
    cost[x, y, d] = hl.abs(left[x, y] - right[x - d, y])
    down[x, y, d] = sum((cost[x, y + i, d] for i in offsets), start=hl.u32(0))
    across[x, y, d] = sum((down[x + i, y, d] for i in offsets), start=hl.u32(0))
    best[x, y] = (hl.u32(2**31), hl.i32(0))
    better = across[x, y, r] < best[x, y][0]
    best[x, y] = (hl.select(better, across[x, y, r], best[x, y][0]), hl.select(better, hl.i32(r), best[x, y][1]))
    out[x, y] = best[x, y][1]

    def expected(size):
        wide = [np.pad(data, ((8, 80 + size[1]), (80, 80 + size[0])), mode="edge") for data in images]
        costs = [np.abs(wide[0] - np.roll(wide[1], shift, axis=1)) for shift in range(disparities)]
        summed = [sum(np.roll(c, (i, j), (0, 1)) for i in offsets for j in offsets) for c in costs]
        return [np.argmin(summed, axis=0).astype(np.int32)[8 : 8 + size[1], 80 : 80 + size[0]]]

    return Case([out], expected, sizes=[(width, height), (1, 1), (7, 33), (width - 1, height + 1), (129, 3)])


@case
def histograms_of_cells():
    """What a row of cells scatters by is computed a row of pixels at a time, inside the update."""
    cell, levels, width, height = 8, 16, 2560, 512
    data = image(np.int32, (height, width))
    source, z = hl.BoundaryConditions.repeat_edge(hl.Buffer(data)), hl.Var("z")
    r = hl.RDom([(0, cell), (0, cell)], "r")
    level, histogram, smoothed, out = (hl.Func(name) for name in ["level", "histogram", "smoothed", "looked_up"])
    level[x, y] = hl.clamp(hl.i32(hl.sqrt(hl.f32(source[x, y]))), 0, levels - 1)
    histogram[x, y, z] = 0
    histogram[x, y, level[x * cell + r.x, y * cell + r.y]] += 1
    smoothed[x, y, z] = histogram[x, y, z - 1] + 2 * histogram[x, y, z] + histogram[x, y, z + 1]
    out[x, y] = smoothed[x // cell, y // cell, hl.clamp(source[x, y] // 16, 0, levels - 1)]

    def expected(size):
        across, down = (-(-extent // cell) for extent in size)
        picture = padded(data, (across * cell, down * cell))
        levelled = np.sqrt(picture.astype(np.float32)).astype(np.int32).clip(0, levels - 1)
        cells = levelled.reshape(down, cell, across, cell)
        counts = np.zeros((levels + 2, down, across), np.int32)
        for depth in range(levels):
            counts[depth + 1] = (cells == depth).sum(axis=(1, 3))
        smoothed = (counts[:-2] + 2 * counts[1:-1] + counts[2:]).repeat(cell, axis=1).repeat(cell, axis=2)
        depths = (picture // 16).clip(0, levels - 1)
        return [np.take_along_axis(smoothed, depths[None], axis=0)[0][: size[1], : size[0]]]

    return Case([out], expected, sizes=[(width, height), (1, 1), (7, 33), (width - 1, 9)])
