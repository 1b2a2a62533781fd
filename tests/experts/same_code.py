"""Whether two lowered pipelines (`-e stmt`) are the same code: same_code.py A B

Names do not count, as Halide numbers what it makes anew; nor does the order of words within a line, as Halide orders the
operands of sums by their names. Everything else does: every line with its loop, allocation, load or store.
Prints the first lines that differ and fails if some do.
"""

import re
import sys


def lines(path):
    names = {}

    def number(match):
        return names.setdefault(match.group(), f"name{len(names)}")

    with open(path) as file:
        text = re.sub(r"[A-Za-z_][\w$.]*", number, file.read())
    return text.splitlines()


def words(line):
    return sorted(re.findall(r"\w+|\S", line))


def main():
    one, other = lines(sys.argv[1]), lines(sys.argv[2])
    different = [n for n, (a, b) in enumerate(zip(one, other), 1) if words(a) != words(b)]
    if not different and len(one) == len(other):
        return
    print(f"{len(one)} and {len(other)} lines, {len(different)} differ")
    for n in different[:5]:
        print(f"{n}: {one[n - 1]}\n{n}: {other[n - 1]}")
    sys.exit(1)


main()
