#!/usr/bin/env python3
"""Prints the Markdown table of README.md from what `make eval` left: tools/results_table.py target/nnc/eval.json"""

import json
import sys

REASONS = {"out_of_memory": "out of memory", "wrong_output": "wrong output", "skipped": ""}


def cell(result):
    if result["status"] == "ok":
        return f"{result['run_seconds']['median'] * 1e3:.3g}"
    return REASONS.get(result["status"], result["status"])


def main(path):
    with open(path, encoding="utf-8") as file:
        evaluation = json.load(file)
    rows, schedulers = {}, []
    for result in evaluation["results"]:
        rows.setdefault(result["pipeline"], {})[result["scheduler"]] = cell(result)
        if result["scheduler"] not in schedulers:
            schedulers.append(result["scheduler"])
    print("| median ms | " + " | ".join(schedulers) + " |")
    print("|---|" + "--:|" * len(schedulers))
    for pipeline, cells in rows.items():
        print(f"| {pipeline} | " + " | ".join(cells.get(s, "") for s in schedulers) + " |")
    subject = evaluation.get("subject") or "Srivastava2020"
    ours = {s["baseline"]: s for s in evaluation["summary"] if s["scheduler"] == subject}

    def gain(scheduler):
        summary = ours.get(scheduler)
        if not summary or summary["geomean_speedup"] is None:
            return ""
        low, high = summary["interval"]
        return f"{summary['geomean_speedup']:.2f} [{low:.2f}, {high:.2f}]"

    failed = {s["scheduler"]: s["failed"] for s in evaluation["summary"]}
    compared = {s: ours[s]["compared"] for s in schedulers if s in ours}
    print(f"| **{subject} is faster by (geomean)** | " + " | ".join(gain(s) for s in schedulers) + " |")
    print("| compared on | " + " | ".join(str(compared.get(s, "")) for s in schedulers) + " |")
    print("| failed | " + " | ".join(str(failed.get(s, "")) for s in schedulers) + " |")
    environment = evaluation["environment"]
    print(f"\n{environment['cpu']}, {environment['threads']} threads, target `{environment['target']}`.")


main(sys.argv[1])
