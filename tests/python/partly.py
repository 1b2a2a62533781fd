"""Pipelines of which the user has scheduled something, but not where Funcs are computed.

A stencil, a histogram and a sum of an image, all read at every pixel. Left as they are, Halide computes what has updates
anew wherever it is read.
"""

import halide as hl
import numpy as np

WIDTH, HEIGHT = 640, 480

x, y, level, part = hl.Var("x"), hl.Var("y"), hl.Var("level"), hl.Var("part")


class Image:
    """The Funcs, before anything is scheduled."""

    def __init__(self):
        self.data = np.random.default_rng(7).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
        source = hl.Buffer(self.data)
        edge = hl.BoundaryConditions.repeat_edge(source)
        self.r = r = hl.RDom([(0, WIDTH), (0, HEIGHT)], "r")
        self.soft, self.counted, self.total, self.out = (hl.Func(n) for n in ["soft", "counted", "total", "out"])
        self.soft[x, y] = hl.i32(edge[x - 1, y]) + hl.i32(edge[x + 1, y])
        self.counted[level] = 0
        self.counted[hl.i32(source[r.x, r.y])] += 1
        self.total[()] = 0
        self.total[()] += hl.i32(source[r.x, r.y])
        of_pixel = self.counted[hl.i32(source[x, y])] + self.total[()]
        self.out[x, y] = self.soft[x, y] * self.soft[x, y + 1] + of_pixel
        self.out.set_estimates([hl.Range(0, WIDTH), hl.Range(0, HEIGHT)])

    def expected(self, size):
        data = self.data.astype(np.int32)
        padded = np.pad(data, ((0, 1), (1, 1)), mode="edge")
        soft = padded[:, :-2] + padded[:, 2:]
        of_pixel = np.bincount(self.data.ravel(), minlength=256)[self.data] + data.sum()
        return (soft[:-1] * soft[1:] + of_pixel)[: size[1], : size[0]]


def split(func, rdom):
    func.update(0).split(rdom.x, hl.RVar("outer"), hl.RVar("inner"), 8)


def factor(func, rdom):
    func.update(0).rfactor(rdom.y, part)


def vectorize_atomically(func, rdom):
    inner = hl.RVar("inner")
    func.update(0).split(rdom.x, hl.RVar("outer"), inner, 8).atomic().vectorize(inner)


# What may be done to a Func with updates; none of it says where the Func is computed.
OF_REDUCTIONS = {
    "split": split,
    "reorder": lambda func, rdom: func.update(0).reorder(rdom.y, rdom.x),
    "unroll": lambda func, rdom: func.update(0).unroll(rdom.x, 4),
    "unscheduled": lambda func, rdom: func.update(0).unscheduled(),
    "rfactor": factor,
    "atomic": vectorize_atomically,
}
# What may be done to any Func.
OF_ALL = {
    "async": lambda func, out: func.async_(),
    "store_in_heap": lambda func, out: func.store_in(hl.MemoryType.Heap),
    "store_in_stack": lambda func, out: func.store_in(hl.MemoryType.Stack),
    "store_in_register": lambda func, out: func.store_in(hl.MemoryType.Register),
    "store_root": lambda func, out: func.store_root(),
    "trace": lambda func, out: func.trace_realizations(),
    "wrapper": lambda func, out: func.in_(out),
    "wrapper_at_root": lambda func, out: func.in_(out).compute_root(),
    "wrapper_in_the_output": lambda func, out: func.in_(out).compute_at(out, y),
    "clone": lambda func, out: func.clone_in(out),
}
# Halide 19 can neither memoise nor serialise pipelines from Python.
if hasattr(hl, "serialize_pipeline"):
    OF_ALL["memoize"] = lambda func, out: func.memoize()


def variants():
    """By name: what schedules an `Image`, and the Func that needs a place, if any does."""
    found = {}
    for func in ["counted", "total"]:
        for name, apply in OF_REDUCTIONS.items():
            found[f"{func}_{name}"] = (lambda i, f=func, a=apply: a(getattr(i, f), i.r), func)
        for name, apply in OF_ALL.items():
            found[f"{func}_{name}"] = (lambda i, f=func, a=apply: a(getattr(i, f), i.out), func)
    for name, apply in OF_ALL.items():
        found[f"soft_{name}"] = (lambda i, a=apply: a(i.soft, i.out), None)
    found["soft_vectorize"] = (lambda i: i.soft.vectorize(x, 8), "soft")
    found["soft_align_storage"] = (lambda i: i.soft.align_storage(x, 32), "soft")
    found["soft_reorder_storage"] = (lambda i: i.soft.reorder_storage(y, x), "soft")
    found["soft_bound"] = (lambda i: i.soft.bound(x, 0, WIDTH), None)
    found["counted_vectorize"] = (lambda i: i.counted.vectorize(level, 8), "counted")
    found["counted_bound"] = (lambda i: i.counted.bound(level, 0, 256), "counted")
    found["out_reorder"] = (lambda i: i.out.reorder(y, x), None)
    return found
