"""Every format of real reports, character by character as it was when somebody last looked at it.

`TINYGRADE_GOLDEN=write` writes the files anew; then look at the difference before it goes in.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from tests.reporters.conftest import stored_report
from tests.runner import parse_output
from tinygrade.cli.sources import sources_of
from tinygrade.config import load_course
from tinygrade.plugins import load_course_plugin, make_plugin_manager, reporters
from tinygrade.reporters.base import SectionText, TakesSections

FOLDER = Path(__file__).parent / "golden"
#: Of the other two, JSON is what the stored reports are, and a summary is Markdown (see test_github.py).
FORMATS = ("terminal", "junit", "gradescope", "github", "github-classroom", "markdown", "csv")
REGISTERED = reporters(make_plugin_manager(warn=lambda _: None))


@pytest.fixture(scope="module")
def section_text(repository: Path) -> SectionText:
    """The words of the course for its sections."""
    manager = make_plugin_manager()
    load_course_plugin(manager, load_course(repository / "assignments"))
    return sources_of(manager).section_text


def legible(format: str, text: str) -> str:
    """What stands in base64 as its reader sees it, so that a difference says something."""
    if format != "github-classroom":
        return text
    return json.dumps(json.loads(base64.b64decode(parse_output(text)["result"])), indent=1) + "\n"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["full", "mistakes", "fault"])
def test_a_stored_report_is_rendered_as_it_was(
    name: str, format: str, section_text: SectionText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    reporter = REGISTERED.get(format)()
    if isinstance(reporter, TakesSections):
        reporter.use_sections(section_text)
    text = legible(format, reporter.render(stored_report(name).student_view()))
    file = FOLDER / f"{name}.{format}"
    if os.environ.get("TINYGRADE_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
