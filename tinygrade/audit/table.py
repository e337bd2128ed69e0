"""An audit as text for a terminal or a log, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tinygrade.audit.verdict import Summary, Verdict, summary
from tinygrade.model import Assignment
from tinygrade.text import clean_line

#: Version of the JSON form.
SCHEMA = 1
_HEAD = ("mutant", "bug", "caught by", "diagnosed as", "cost")


def lines(verdicts: Sequence[Verdict]) -> list[str]:
    """The table of the mutants, what is wrong, and the figures."""
    mutants = [verdict for verdict in verdicts if verdict.kind == "mutant"]
    found = summary(verdicts)
    return [*_table(mutants), *_problems(verdicts), *_figures(found)]


def to_json(assignment: Assignment, seed: int, verdicts: Sequence[Verdict]) -> str:
    tree = {
        "schema": SCHEMA,
        "assignment": assignment.id,
        "seed": seed,
        "summary": summary(verdicts).to_json(),
        "verdicts": [verdict.to_json() for verdict in verdicts],
    }
    return json.dumps(tree, indent=1) + "\n"


def _table(mutants: Sequence[Verdict]) -> list[str]:
    if not mutants:
        return []
    rows = [_HEAD, *(_row(verdict) for verdict in mutants)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(verdict: Verdict) -> tuple[str, ...]:
    cost = f"{verdict.cost:g} of {verdict.allowed:g}"
    over = verdict.allowed is not None and verdict.cost > verdict.allowed
    return (verdict.name, verdict.bug or "-", _caught(verdict), _diagnosed(verdict), cost + " TOO MUCH" * over)


def _caught(verdict: Verdict) -> str:
    match verdict.caught:
        case "named":
            return "the named check"
        case "another":
            return f"another: {verdict.by[0]}"
        case "lives":
            return "LIVES"
    return "NO REPORT"


def _diagnosed(verdict: Verdict) -> str:
    if not verdict.codes:
        return "none"
    return f"{verdict.codes[0]} ({verdict.diagnosis})"


def _problems(verdicts: Sequence[Verdict]) -> list[str]:
    found = [(verdict, problem) for verdict in verdicts for problem in verdict.problems]
    if not found:
        return []
    # Messages of checks quote what submissions return.
    return ["", "PROBLEMS", *(f"  {clean_line(f'{v.kind} {v.name}: {problem}', 400)}" for v, problem in found)]


def _figures(found: Summary) -> list[str]:
    figures = [""]
    if found.mutants:
        figures += [
            f"mutants           {found.mutants}, caught in the named check {_share(found.caught, found.mutants)}",
            f"diagnosis         right {_share(found.right, found.mutants)}, none {found.unnamed}, "
            f"wrong {_share(found.wrong, found.mutants)}",
            f"cost              {found.too_dear} above what they may cost",
        ]
    if found.correct:
        figures.append(f"correct variants  {found.correct}, accused {found.accused}")
    if found.nonsense:
        figures.append(f"nonsense results  {found.nonsense}, {_unnoticed(found.unnoticed)}")
    return figures


def _unnoticed(names: Sequence[str]) -> str:
    if not names:
        return "all noticed"
    return f"{len(names)} that no check notices: {', '.join(names[:8])}{', ...' * (len(names) > 8)}"


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part // whole} %)"
