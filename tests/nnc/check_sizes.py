"""Checks records of one pipeline, a line each on standard input: check_sizes.py SIZES THREADS

Each line is of one size and number of threads. More elements take longer, and are what the pipeline's description says.
"""

import json
import sys

sizes, threads = map(int, sys.argv[1:])
sets = [json.loads(line) for line in sys.stdin]
places = {(found.get("size"), found["machine"]["threads"]) for found in sets}
assert len(places) == len(sets) == sizes * threads, places


def elements(found):
    pipeline = found["pipeline"]
    dims = [dim for buffer in pipeline["inputs"] for dim in buffer["dims"]]
    dims += [bound for output in pipeline["outputs"] for bound in pipeline["funcs"][output]["estimates"].values()]
    return sum(dim["extent"] for dim in dims)


by_size = {found.get("size"): elements(found) for found in sets}
assert len(set(by_size.values())) == sizes, by_size
directives = [[record["directives"] for record in found["records"]] for found in sets]
assert all(own == directives[0] for own in directives)
assert all(record["seconds"]["min"] > 0 for found in sets for record in found["records"])
