"""Whether two `.stmt` files hold the same code: same_code.py A B

Halide numbers the names that it makes up (`t17`, `loop_extent$3`, `f_par_for__1`) in the
order in which it makes them up, so that these numbers also depend on what ran before. Two
names match if they are equal without such numbers, and match at every place where one of
them occurs. Everything else must be equal.
"""

import re
import sys

TOKEN = re.compile(r"[A-Za-z_][\w$.]*|[^A-Za-z_]+")
NUMBER = re.compile(r"(\$\d+|__\d+|(?<=\b[a-z])\d+)(?=\.|$)")


def difference(left, right):
    """The surroundings of the first place where the texts differ, or None."""
    left_tokens, right_tokens = TOKEN.findall(left), TOKEN.findall(right)
    to_right, to_left = {}, {}
    for i, (a, b) in enumerate(zip(left_tokens, right_tokens)):
        same = NUMBER.sub("", a) == NUMBER.sub("", b)
        if not same or to_right.setdefault(a, b) != b or to_left.setdefault(b, a) != a:
            around = slice(max(0, i - 12), i + 12)
            return "".join(left_tokens[around]), "".join(right_tokens[around])
    if len(left_tokens) != len(right_tokens):
        return f"{len(left_tokens)} tokens", f"{len(right_tokens)} tokens"
    return None


def main():
    texts = []
    for path in sys.argv[1:3]:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    found = difference(*texts)
    if found:
        print("\n".join(["differs at", found[0], "which should be", found[1]]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
