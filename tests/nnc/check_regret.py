"""Checks what `nnc regret --json` writes: check_regret.py FILE PIPELINES"""

import json
import sys

report = json.load(open(sys.argv[1], encoding="utf-8"))
pipelines = int(sys.argv[2])
rows = report["rows"]
for row in rows:
    assert set(row) == {"judge", "size", "family", "pipelines", "regret", "low", "high", "mape"}, row
    assert 0.2 < row["regret"] < 1000, row
    assert row["low"] is None or row["low"] <= row["regret"] <= row["high"], row
whole = {row["judge"]: row for row in rows if row["size"] == row["family"] == "all"}
judges = {"rules", "search", "search without brakes", "analytic", "nn+c", "nn", "nn+c top 8", "random", "noise"}
assert judges <= set(whole), whole.keys()
assert whole["random"]["pipelines"] == pipelines
assert whole["nn+c"]["mape"] > 0 and whole["random"]["mape"] is None
# Eight tries are no worse than one, but for the noise.
assert whole["nn+c top 8"]["regret"] <= 1.2 * whole["nn+c"]["regret"]
assert {pair["judge"] for pair in report["pairs"]} == {"search without brakes", "search", "nn+c"}
