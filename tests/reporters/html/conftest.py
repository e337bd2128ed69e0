"""Stored reports, rendered as the command renders them, and a browser to look at them with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tinygrade import config, plugins
from tinygrade.cli.sources import sources_of
from tinygrade.model import Report
from tinygrade.reporters.base import Sources
from tinygrade.reporters.html.reporter import HtmlReporter

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture(scope="session")
def sources() -> Sources:
    """What the course's plugin and the built-in ones know."""
    manager = plugins.make_plugin_manager(warn=lambda _: None)
    plugins.load_course_plugin(manager, config.load_course(ROOT / "assignments"))
    return sources_of(manager)


@pytest.fixture(scope="session")
def stored() -> Callable[[str], Report]:
    """`stored("perfect")`: a report of a real grading, as a student sees it; see `record.py`."""

    def read(name: str) -> Report:
        return Report.from_json(json.loads((HERE / f"{name}.json").read_text())).student_view()

    return read


@pytest.fixture(scope="session")
def render(sources: Sources) -> Callable[..., str]:
    """`render(report, sources=...)`: the page."""

    def made(report: Report, sources: Sources = sources) -> str:
        reporter = HtmlReporter()
        reporter.use_sources(sources)
        return reporter.render(report)

    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window. It is skipped where there is none, unless TINYGRADE_NEED names `browser`."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        needed = "browser" in os.environ.get("TINYGRADE_NEED", "").split()
        (pytest.fail if needed else pytest.skip)("needs the Debian packages chromium and chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    chromium = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chromium
    chromium.quit()
