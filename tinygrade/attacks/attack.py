"""One attack: where its payload goes, which checks it is tried on, and what must come of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from tinygrade.errors import UsageError, did_you_mean
from tinygrade.model import STATUSES

CORPUS = Path(__file__).parent / "corpus"
EARNING = ("passed", "partial")


@dataclass(frozen=True)
class Attack:
    """A file of the corpus. Check names are those of test functions."""

    name: str
    #: One line: what it tries.
    what: str
    #: Lines of Python that are planted; see `plant`.
    payload: str
    #: `module` for the payload at import, else `module.function` or `module.Class.method`.
    place: str
    #: pytest's -k expression, or "" for all checks.
    select: str = ""
    #: Checks that the payload is in, and the statuses that each may end with.
    attacked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Checks of honest code that must pass.
    keeps: tuple[str, ...] = ()
    #: What the submission may earn at most, or None where the statuses say it already.
    most: float | None = None
    #: A text that the message of each attacked check holds.
    says: str = ""
    #: Run the training as well.
    training: bool = False
    #: Where the earlier assignments come from: the solutions cost no time.
    earlier: Literal["own", "released", "auto"] = "released"
    #: Limits of the assignment that are others here: a folder that workers may write to (`scratch_mib`), or less
    #: `cpu_seconds` for what is only ended by its limit, whatever that is.
    limits: Mapping[str, float] = field(default_factory=dict)
    #: More files of the submission, relative to its folder.
    files: Mapping[str, str] = field(default_factory=dict)
    #: Holds at this level of isolation and above; below it, it is known not to.
    needs: Literal["strong", "weak"] = "weak"
    #: Wall seconds that it may take, generous because the machine may be busy.
    seconds: float = 120.0
    #: The submission itself is refused, with this text in the message.
    refused: str = ""


def corpus() -> tuple[Attack, ...]:
    """All attacks, by name."""
    return tuple(read(file) for file in sorted(CORPUS.glob("*.toml")))


def chosen(names: str) -> tuple[Attack, ...]:
    """The attacks whose names contain one of the words in `names`; all of them when it is empty.

    Raises:
        UsageError: a word that is in no name.
    """
    found = corpus()
    for word in names.split():
        if not any(word in attack.name for attack in found):
            raise UsageError(f"no attack is called {word!r}{did_you_mean(word, (a.name for a in found))}")
    return tuple(a for a in found if not names.split() or any(word in a.name for word in names.split()))


def read(file: Path) -> Attack:
    """One file of the corpus.

    Raises:
        ValueError: a key that is not known, or a status that does not exist.
    """
    table: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    if unknown := set(table) - {f.name for f in fields(Attack)}:
        raise ValueError(f"{file.name}: unknown key {sorted(unknown)[0]!r}")
    attacked = {name: tuple(allowed) for name, allowed in table.pop("attacked", {}).items()}
    for allowed in attacked.values():
        if strange := set(allowed) - set(STATUSES):
            raise ValueError(f"{file.name}: there is no status {sorted(strange)[0]!r}")
    keeps = tuple(table.pop("keeps", ()))
    return Attack(name=file.stem, attacked=attacked, keeps=keeps, **table)
