"""`tinygrade explain`: the page of a diagnosis, for whoever wants to know more than the question."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinygrade.cli.options import course_option
from tinygrade.errors import CourseError, UsageError, did_you_mean

if TYPE_CHECKING:
    from tinygrade.diagnosis.catalogue import Catalogue, Page


@click.command("explain")
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="Print Markdown; without CODE, all pages as one document.")
@course_option
@click.pass_context
def command(ctx: click.Context, code: str | None, markdown: bool, course_dir: Path | None) -> int:
    """Show the page of a diagnosis, or list all of them."""
    from tinygrade.diagnosis.document import document, page_markdown

    catalogue = _catalogue(ctx, course_dir)
    if code is not None:
        page = _page(catalogue, code)
        _print(page_markdown(page), plain=markdown)
    elif markdown:
        _print(document(catalogue.pages.values()), plain=True)
    else:
        _list(catalogue)
    return 0


def _catalogue(ctx: click.Context, course_dir: Path | None) -> Catalogue:
    from tinygrade.cli.running import open_course
    from tinygrade.plugins import diagnoses

    try:
        open_course(ctx, course_dir)
    except CourseError:
        # outside a course there are the built-in pages all the same; a course that was named must be one
        if course_dir is not None:
            raise
    return diagnoses(ctx.obj)


def _page(catalogue: Catalogue, code: str) -> Page:
    found = catalogue.pages.get(code.strip().lower())
    if found is None:
        hint = did_you_mean(code, catalogue.pages) or ";"
        raise UsageError(f"there is no diagnosis {code!r}{hint} `tinygrade explain` lists all of them")
    return found


def _list(catalogue: Catalogue) -> None:
    from tinygrade.cli.guard import show
    from tinygrade.reporters.lines import table

    rows = sorted((page.code, page.title) for page in catalogue.pages.values())
    for line in table([("code", "what was seen"), *rows]):
        show(line)


def _print(text: str, plain: bool) -> None:
    """As Markdown, which is set in type where a person reads it in a terminal."""
    from tinygrade.cli.guard import show

    if plain or not sys.stdout.isatty():
        for line in text.rstrip("\n").split("\n"):
            show(line)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
