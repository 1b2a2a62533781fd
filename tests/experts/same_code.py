"""Whether two lowered pipelines (`-e stmt`) are the same code: same_code.py A B

Names do not count, as Halide numbers what it makes anew; nor does the order of words within a line, nor what is a
common subexpression with a name of its own, as Halide orders operands by their names. Everything else does: every line with its
loop, allocation, load or store, and how often it mentions what.
Prints the first lines that differ and fails if some do.
"""

import re
import sys
from collections import Counter

COMMON = re.compile(r"\s*let (t\d+) = (.*)")


class Code:
    """The lines of a lowered pipeline but for the definitions of common subexpressions, and what each mentions."""

    def __init__(self, path):
        self.names, self.common, self.lines = {}, {}, []
        with open(path) as file:
            for line in file.read().splitlines():
                if definition := COMMON.fullmatch(line):
                    self.common[definition[1]] = self.words(definition[2])
                else:
                    self.lines.append((line, self.words(line)))

    def words(self, text):
        """How often a text mentions what, with the values of common subexpressions in their place."""
        found = Counter()
        for word in re.findall(r"[A-Za-z_][\w$.]*|[\w.]+|[^\s\w()]", text):
            if word in self.common:
                found.update(self.common[word])
            else:
                found[self.renamed(word)] += 1
        return found

    def renamed(self, word):
        """The first name is the same in both, and so on; those of common subexpressions within a line are all alike."""
        if not re.match(r"[A-Za-z_]", word):
            return word
        return "common" if re.fullmatch(r"t\d+", word) else self.names.setdefault(word, f"name{len(self.names)}")


def main():
    one, other = (Code(path).lines for path in sys.argv[1:3])
    different = [n for n, (a, b) in enumerate(zip(one, other)) if a[1] != b[1]]
    if not different and len(one) == len(other):
        return
    print(f"{len(one)} and {len(other)} lines, {len(different)} differ")
    for n in different[:5]:
        print(f"{one[n][0]}\n{other[n][0]}")
    sys.exit(1)


main()
