"""What GitHub's runner makes of a job's log and of its files: its grammar, for tests of what is written to it.

After the behaviour of actions/runner: src/Runner.Common/ActionCommand.cs (commands) and
src/Runner.Worker/FileCommandManager.cs (files of `name=value` and `name<<DELIMITER`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: Commands that the runner knows; other lines with two colons are text.
KNOWN = {
    *("debug", "notice", "warning", "error", "group", "endgroup", "echo", "add-mask", "stop-commands"),
    *("set-output", "set-env", "add-path", "save-state", "add-matcher", "remove-matcher"),
}
_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    data: str


def parse_command(line: str) -> Command | None:
    """The command that the runner sees in a line of a log, or None."""
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, written = line[2:end].partition(" ")
    if name not in KNOWN:
        return None
    pairs = (pair.split("=", 1) for pair in written.strip().split(",") if pair)
    properties = {pair[0].lower(): _unescaped(pair[1], _PROPERTY) for pair in pairs if len(pair) == 2}
    return Command(name, properties, _unescaped(line[end + 2 :], _DATA))


def _unescaped(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for written, meant in pairs:
        text = text.replace(written, meant)
    return text


def parse_output(text: str) -> dict[str, str]:
    """The outputs of a step from the text of its `$GITHUB_OUTPUT`.

    Raises:
        ValueError: the runner would fail the step.
    """
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            found[name] = _until(delimiter, lines)
        else:
            raise ValueError(f"invalid format {line!r}")
    return found


def _until(delimiter: str, lines: Iterator[str]) -> str:
    value: list[str] = []
    for line in lines:
        if line == delimiter:
            return "\n".join(value)
        value.append(line)
    raise ValueError(f"matching delimiter not found: {delimiter!r}")
