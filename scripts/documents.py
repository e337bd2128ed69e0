"""The documents' build: parts that are generated from the source, and what must hold for all of them.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->` in any document; the names are in `PARTS`. Checked
are links to files and headings, the languages of code blocks, and that Python, TOML and JSON in them can be read. That
commands run is held by `tests/test_docs.py`. Every fault is one line, and with one the build ends with 1.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = ("*.md", "docs/*.md", "assignments/**/*.md", "examples/**/*.md", "student_template/*.md")
#: Where every document of docs/ is listed.
INDEX = ROOT / "docs/README.md"
LANGUAGES = {"sh", "powershell", "text", "toml", "python", "pycon", "json", "yaml", "xml", "csv"}
_PART = re.compile(r"<!-- generated: (?P<name>[\w-]+) -->\n.*?<!-- end -->", re.DOTALL)
HELP_WIDTH = 88


# ---- what is generated -----------------------------------------------------------------------------


def hooks() -> str:
    """Every hook with its arguments and its docstring, in the order of a run's life."""
    from tinygrade import hookspecs

    found = [
        value
        for value in vars(hookspecs).values()
        if inspect.isfunction(value) and hasattr(value, "tinygrade_spec")
    ]
    return "\n\n".join(_hook(function) for function in found)


def _hook(function: Callable[..., Any]) -> str:
    first = " The first answer that is not None counts." if function.tinygrade_spec["firstresult"] else ""  # type: ignore[attr-defined]
    text = re.sub(r"\n*\.\. versionadded:: ([\d.]+)\s*", rf"{first} (Since \1.)", inspect.getdoc(function) or "")
    signature = str(inspect.signature(function)).replace("'", "")
    return f"### {function.__name__}\n\n```python\ndef {function.__name__}{signature}: ...\n```\n\n{text}"


def commands() -> str:
    """What `--help` says, of tinygrade and of each command, those of this repository's course included."""
    import click

    from tinygrade.cli import COMMANDS, make_group
    from tinygrade.cli.course_commands import CourseCommands
    from tinygrade.plugins import make_plugin_manager

    group = make_group()
    arguments = ["--course", str(ROOT / "assignments")]
    group.course = CourseCommands(arguments, make_plugin_manager(installed=False), COMMANDS)
    settings = {**group.context_settings, "terminal_width": HELP_WIDTH, "max_content_width": HELP_WIDTH}
    pages = _pages(click.Context(group, info_name="tinygrade", **settings), settings)
    return "\n\n".join(pages)


def _pages(context: Any, settings: dict[str, Any]) -> Iterator[str]:
    """A command's help, and that of the commands in it."""
    import click

    command = context.command
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _pages(click.Context(inner, parent=context, info_name=name, **settings), settings)


def report_schema() -> str:
    """The fields of a report, as its schema describes them."""
    schema = json.loads((ROOT / "tinygrade/report.schema.json").read_text("utf-8"))
    rows = ["| Field | Kind | What it is |", "| --- | --- | --- |"]
    return "\n".join([*rows, *_fields(schema, schema, "")])


def _fields(schema: dict[str, Any], node: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, field in node.get("properties", {}).items():
        inner = _resolved(schema, field)
        text = " ".join(str(field.get("description") or inner.get("description") or "").split()).replace("|", "\\|")
        yield f"| `{prefix}{name}` | {_kind(schema, inner)} | {text} |"
        item = _resolved(schema, inner.get("items", {})) if isinstance(inner.get("items"), dict) else inner
        mark = f"{prefix}{name}[]." if item is not inner else f"{prefix}{name}."
        options = item.get("anyOf") or item.get("oneOf") or [item]
        for option in options:
            yield from _fields(schema, _resolved(schema, option), mark)


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = schema
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


def _kind(schema: dict[str, Any], node: dict[str, Any]) -> str:
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return ", ".join(f"`{json.dumps(value)}`" for value in node["enum"])
    if options := node.get("anyOf") or node.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(schema, _resolved(schema, option)) for option in options))
    kind = node.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def testing_fixtures() -> str:
    """The fixtures of tinygrade.testing, from their docstrings."""
    tree = ast.parse((ROOT / "tinygrade/testing.py").read_text("utf-8"))
    rows = ["| Fixture | Gives |", "| --- | --- |"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any("fixture" in ast.dump(mark) for mark in node.decorator_list):
            text = " ".join((ast.get_docstring(node) or "").split()).replace("|", "\\|")
            rows.append(f"| `{node.name}` | {text} |")
    return "\n".join(rows)


def index() -> str:
    """The documents that no table above names, by title."""
    named = INDEX.read_text("utf-8").split("<!-- generated: index -->")[0]
    files = sorted(file for file in INDEX.parent.glob("*.md") if file != INDEX and f"({file.name})" not in named)
    return "\n".join(f"- [{_title(file)}]({file.name})" for file in files)


def _title(file: Path) -> str:
    return re.sub(r"^# *", "", next(iter(file.read_text("utf-8").splitlines()), "")) or file.stem


PARTS: dict[str, Callable[[], str]] = {
    "index": index,
    "hooks": hooks,
    "commands": commands,
    "report-schema": report_schema,
    "testing-fixtures": testing_fixtures,
}


def diagnoses() -> str:
    """The whole of docs/diagnoses.md."""
    from tinygrade.config import load_course
    from tinygrade.diagnosis.document import document
    from tinygrade.plugins import diagnoses as catalogue_of
    from tinygrade.plugins import load_course_plugin, make_plugin_manager

    manager = make_plugin_manager()
    load_course_plugin(manager, load_course(ROOT / "assignments"))
    return document(catalogue_of(manager).pages.values())


def current(file: Path) -> str:
    """What the document should be."""
    if file == ROOT / "docs/diagnoses.md":
        return diagnoses()
    text = file.read_text("utf-8")
    return _PART.sub(lambda part: _filled(file, part["name"]), text)


def _filled(file: Path, name: str) -> str:
    if name not in PARTS:
        raise SystemExit(f"{file.relative_to(ROOT)}: there is no part {name!r}; there are: {', '.join(PARTS)}")
    return f"<!-- generated: {name} -->\n\n{PARTS[name]().strip()}\n\n<!-- end -->"


# ---- what must hold --------------------------------------------------------------------------------


def documents() -> list[Path]:
    """All documents of the repository."""
    return sorted({file for pattern in PATTERNS for file in ROOT.glob(pattern)})


def faults(file: Path) -> Iterator[str]:
    """What is wrong with one document, a line each."""
    tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text("utf-8"))
    is_handout = re.fullmatch(r"assignment\d+", file.parent.name)  # their Python may be a signature alone
    for token in tokens:
        if token.type == "fence" and not is_handout:
            yield from _block_faults(token)
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            if isinstance(target, str):
                yield from _link_faults(file, target)


def _block_faults(token: Token) -> Iterator[str]:
    language = (token.info.split() or [""])[0]
    line = token.map[0] + 1 if token.map else 0
    readers: dict[str, Callable[[str], Any]] = {"python": ast.parse, "toml": tomllib.loads, "json": json.loads}
    if language and language not in LANGUAGES:
        yield f"line {line}: a block of {language!r}; there are: {', '.join(sorted(LANGUAGES))}"
    try:
        readers.get(language, len)(textwrap.dedent(token.content))
    except (ValueError, SyntaxError) as error:
        yield f"line {line}: this is no {language}: {error}"


def _link_faults(file: Path, target: str) -> Iterator[str]:
    if re.match(r"[a-z]+:", target):
        return
    path, _, anchor = target.partition("#")
    to = (file.parent / path).resolve() if path else file
    if not to.exists():
        yield f"links to {target}, which does not exist"
    elif anchor and anchor not in anchors(to):
        yield f"links to {target}, and there is no such heading"


@cache
def anchors(file: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    tokens = MarkdownIt("commonmark").parse(file.read_text("utf-8"))
    found: set[str] = set()
    for heading, inline in zip(tokens, tokens[1:], strict=False):
        if heading.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            number = 0
            while (name := f"{slug}-{number}" if number else slug) in found:
                number += 1
            found.add(name)
    return found


def main(arguments: list[str]) -> int:
    """Build, or only check; 1 when there is a fault."""
    check = arguments == ["--check"]
    found: list[str] = []
    for file in documents():
        name, wanted = file.relative_to(ROOT), current(file)
        if wanted != file.read_text("utf-8"):
            if check:
                found.append(f"{name}: is not current: run scripts/docs")
            else:
                file.write_text(wanted, "utf-8")
                print(f"written: {name}")
        found += [f"{name}: {fault}" for fault in faults(file)]
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"{len(documents())} documents, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
