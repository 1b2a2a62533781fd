"""Checks how rows of what `nnc eval --json` wrote ended: check_rows.py FILE PIPELINE/SCHEDULER=END...

END is a status, or `rounding` where outputs differ by rounding alone; `END by REFERENCE` says what they are compared with.
"""

import json
import sys


def end_of(row, names_reference):
    end = "rounding" if row["rounding"] else row["status"]
    if end == "rounding":
        assert row["status"] == "ok" and row["run_seconds"]["median"] > 0 and row["rounding"]["values"] > 0, row
    return f"{end} by {row['reference']}" if names_reference else end


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = {f"{row['pipeline']}/{row['scheduler']}": row for row in json.load(file)["results"]}
    expected = dict(argument.rsplit("=", 1) for argument in sys.argv[2:])
    assert rows.keys() == expected.keys(), sorted(rows)
    for name, end in expected.items():
        found = end_of(rows[name], " by " in end)
        assert found == end, f"{name}: {found}: {rows[name]['message']}"


if __name__ == "__main__":
    main()
