"""Does a bundle give a solution away? Lines of solutions are looked for in every text of it.

Spaces, line breaks and comments do not count, and neither do the names of variables in longer lines, so that a
line is found in a handout, inside another line, and under another name. Short lines such as `return x` prove nothing.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tinygrade import template
from tinygrade.model import Course
from tinygrade.release.tree import Tree

#: Words and signs that a line must have to be looked for, and to be looked for under other names.
SIGNIFICANT, RENAMED = 7, 20
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|[^\s\w]")
_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")
_TEXTS = (".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".json", ".ini", ".cfg", ".sh")


@dataclass(frozen=True)
class Leak:
    """A line of a solution, and where the bundle has it."""

    file: str
    line: str
    solution: str


def find(files: Tree, course: Course, released: Collection[str]) -> list[Leak]:
    """Lines of solutions in `files`; those of the `released` files of the package may be there."""
    secrets = list(_secrets(course, released))
    found: list[Leak] = []
    for name, data in files.items():
        if name.endswith(_TEXTS):
            text = data.decode("utf-8", "replace")
            tokens = [*_tokens(_COMMENT.sub("", text)), "\n", *_tokens(text)]  # a line, and what a comment says
            said, shape = _said(tokens), _shape(tokens)
            found += [Leak(name, s.line, s.file) for s in secrets if s.said in said or (s.shape and s.shape in shape)]
    return found


@dataclass(frozen=True)
class _Secret:
    file: str
    line: str
    said: str
    shape: str


def _secrets(course: Course, released: Collection[str]) -> Iterator[_Secret]:
    """Lines that tell something, and that neither stubs nor released solutions hold."""
    lines = template.solution_lines_by_file(course)
    public = [*template.generate(course).values(), *("\n".join(lines[name]) for name in released)]
    said, shape = (kind(_tokens(_COMMENT.sub("", "\n".join(public)))) for kind in (_said, _shape))
    for name, secret in lines.items():
        for line in sorted(secret) if name not in released else ():
            tokens = _tokens(_COMMENT.sub("", line))
            if len(_words(tokens)) >= SIGNIFICANT and _said(tokens) not in said:
                looked_for = len(tokens) >= RENAMED and _shape(tokens) not in shape
                yield _Secret(name, line, _said(tokens), _shape(tokens) if looked_for else "")


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _words(tokens: Iterable[str]) -> list[str]:
    return [token for token in tokens if not keyword.iskeyword(token)]


def _said(tokens: Iterable[str]) -> str:
    return " " + " ".join(tokens) + " "


def _shape(tokens: Iterable[str]) -> str:
    """The same without the names that a programmer may choose: those that no dot or bracket follows or precedes."""
    items = ["", *tokens, ""]
    triples = zip(items, items[1:], items[2:], strict=False)
    return " " + " ".join("_" if _is_variable(*triple) else triple[1] for triple in triples) + " "


def _is_variable(before: str, token: str, after: str) -> bool:
    return token.isidentifier() and not keyword.iskeyword(token) and before != "." and after not in (".", "(")


def described(leaks: Sequence[Leak], most: int = 5) -> str:
    """The first few, one a line."""
    listed = [f"  {leak.file}: {leak.line} (solution of {leak.solution})" for leak in leaks[:most]]
    more = [f"  and {len(leaks) - most} more"] if len(leaks) > most else []
    return "\n".join([*listed, *more])
