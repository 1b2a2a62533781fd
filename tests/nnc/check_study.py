"""Checks the JSON of `nnc study`: check_study.py FILE (VARIANT... | --bars)

VARIANT, as in mv.eigen_dense, must have figures of every method. --bars: the figures of NN+C must be as good as
doc/study.md says.
"""

import json
import statistics
import sys

METHODS = 8
MAX_PARAMETERS = 75


def figures_are_whole(study, variants):
    for name in variants:
        own = [row for row in study["combinations"] if f"{row['kernel']}.{row['variant']}" == name]
        assert len(own) == METHODS, f"{name}: {len(own)} methods"
        for row in own:
            assert row["mape_all"] >= 0 and row["train_seconds"] > 0 and row["inference_ns"] > 0, row
        assert own[0]["model"] == "NN+C" and own[0]["parameters"] <= MAX_PARAMETERS, own[0]
    for choice in study["selection"]:
        assert 1 <= choice["regret_mean"] <= choice["regret_max"], choice
    assert all(row["mape"] >= 0 for row in study["noise"])


def bars_are_met(study):
    def of(model, figure):
        return [row[figure] for row in study["combinations"] if row["model"] == model]

    slowest, everything = of("NN+C", "mape_slowest70"), of("NN+C", "mape_all")
    print(f"NN+C: {statistics.mean(slowest):.3f} over the slowest 70 %, {statistics.mean(everything):.3f} over all")
    assert statistics.mean(slowest) <= 0.08 and statistics.mean(everything) <= 0.12
    assert min(of("NN+C", "spearman_rho")) >= 0.98
    assert max(of("NN+C", "parameters")) <= MAX_PARAMETERS
    for baseline in ["NN", "LR+C"]:
        worse = [own < other for own, other in zip(slowest, of(baseline, "mape_slowest70"))]
        print(f"better than {baseline} on {sum(worse)} of {len(worse)}")
    assert statistics.mean(slowest) < statistics.mean(of("NLR+C", "mape_slowest70"))


def main():
    study = json.load(open(sys.argv[1], encoding="utf-8"))
    if sys.argv[2] == "--bars":
        bars_are_met(study)
    else:
        figures_are_whole(study, sys.argv[2:])


main()
