"""Who handed in which folder of a Gradescope export, from the few lines of its metadata that say so.

The file is YAML, tens of megabytes of results and histories among it. Read are only the lines of the one form in which
Gradescope writes submitters; everything else is passed over, so that no parser of YAML meets what students wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tinygrade.text import clean_line

_SUBMISSION = re.compile(r"(submission_\d+):\s*")
_SUBMITTERS = re.compile(r"  :submitters:\s*")
_VALUE = re.compile(r"(?:  - |    ):(name|sid|email): *(.*?)\s*")
_EMPTY = ("", "''", '""', "null", "~")


def submitters(file: Path) -> dict[str, list[str]]:
    """Folder name -> ids of those who handed it in: the student id, else the address. Unknown ones are not there."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        return {name: ids for name, ids in _read(stream) if ids}


def _read(lines: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    name, people, inside = "", list[dict[str, str]](), False
    for raw in lines:
        line = raw.rstrip("\n")
        if match := _SUBMISSION.fullmatch(line):
            yield name, _ids(people)
            name, people, inside = match[1], [], False
        elif _SUBMITTERS.fullmatch(line):
            inside = True
        elif inside and line.startswith(("  - ", "    ")):
            if line.startswith("  - "):
                people.append({})
            if people and (match := _VALUE.fullmatch(line)):
                people[-1][match[1]] = match[2]
        else:
            inside = False
    yield name, _ids(people)


def _ids(people: list[dict[str, str]]) -> list[str]:
    found = (next((p[key] for key in ("sid", "email") if p.get(key, "") not in _EMPTY), "") for p in people)
    return [clean_line(value.strip("'\"")) for value in found if value]
