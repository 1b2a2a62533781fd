"""Checks what `nnc profile --json` writes: every Func that is predicted is measured, and they make up the time."""

import json
import sys

profile = json.load(open(sys.argv[1], encoding="utf-8"))
funcs = profile["funcs"]
predicted = [func for func in funcs if func["predicted_seconds"] is not None]
assert len(predicted) > 3, funcs
assert all(func["predicted_seconds"] > 0 for func in predicted)
assert abs(sum(func["predicted_seconds"] for func in predicted) / profile["predicted_seconds"] - 1) < 1e-6
measured = sum(func["measured_seconds"] for func in funcs)
# The profiler takes samples, and rounds.
assert 0.5 < measured / profile["profiled_seconds"] < 1.5, (measured, profile["profiled_seconds"])
assert any(func["name"] == "halide_free" for func in funcs)
off = [abs(func["measured_seconds"] - (func["predicted_seconds"] or 0)) for func in funcs]
assert off == sorted(off, reverse=True)
