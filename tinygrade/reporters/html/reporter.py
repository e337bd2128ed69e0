"""The reporter `html`: a report and what plugins know of it, through one template."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade import sinks
from tinygrade.errors import UsageError
from tinygrade.model import Report
from tinygrade.reporters.base import SectionText, Sources

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
NEEDS = ("jinja2", "matplotlib")
#: Bytes of one text; what a student's code wrote was bounded more tightly before.
MOST = 1 << 14


class HtmlReporter:
    """One self-contained file of HTML.

    Raises:
        UsageError: the extra `html` is not installed.
    """

    suffix = ".html"

    def __init__(self) -> None:
        require_extra()
        self._sources = Sources()

    def use_sections(self, section_text: SectionText) -> None:
        self.use_sources(Sources(section_text))

    def use_sources(self, sources: Sources) -> None:
        self._sources = sources

    def render(self, report: Report) -> str:
        from tinygrade.reporters.html.page import page_of

        template = environment().get_template("page.html")
        return template.render(page=page_of(report, self._sources), style=style()) + "\n"


def require_extra() -> None:
    """Raises UsageError where the extra `html` is not installed."""
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        # by their own names: tinygrade is installed from a clone or a bundle, and "tinygrade[html]" would be asked
        # of an index that does not have it
        needs, install = " and ".join(missing), " ".join(missing)
        raise UsageError(f"the report format html needs {needs}: pip install {install}")


def environment() -> Environment:
    """Templates in which whatever stands between braces goes through `sinks.html`, unless it is markup of ours."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style() -> Any:
    """The style sheet, which is ours and stands in the page."""
    from markupsafe import Markup

    return Markup((FOLDER / "style.css").read_text(encoding="utf-8"))


def safe(value: Any) -> Any:
    """A value as it may stand in the text of an element or in an attribute in quotes."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else Markup(sinks.html("" if value is None else str(value), MOST))
