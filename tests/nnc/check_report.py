"""Checks what `nnc eval --json` wrote: check_report.py FILE PIPELINES SCHEDULERS

Every pipeline must have completed with every scheduler, and the numbers must be sane.
"""

import json
import sys

SECONDS = ["schedule_seconds", "compile_seconds"]


def check_result(result):
    name = f"{result['pipeline']} with {result['scheduler']}"
    assert result["status"] == "ok", f"{name}: {result['status']}: {result['message']}"
    assert result["output_matches"] is True, name
    for key in SECONDS:
        assert 0 <= result[key] < 300, f"{name}: {key} = {result[key]}"
    assert result["peak_memory_bytes"] > 1 << 20, name
    times = result["run_seconds"]
    assert 0 < times["min"] <= times["median"] < 10, f"{name}: {times}"
    assert min(times["samples"]) == times["min"], name


def main():
    path, pipelines, schedulers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    assert len(report["results"]) == pipelines * schedulers, len(report["results"])
    for result in report["results"]:
        check_result(result)
    for summary in report["summary"]:
        assert summary["completed"] == pipelines and summary["failed"] == 0, summary
        assert summary["geomean_speedup"] > 0, summary


if __name__ == "__main__":
    main()
