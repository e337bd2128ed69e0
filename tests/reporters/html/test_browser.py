"""The page in a real browser: on a phone, in the dark, on paper, and with everything that a student may try in it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.class_book import write_book
from tests.inert import EVIL
from tests.reporters.html.record import REPORTS
from tests.reporters.html.test_reporter import evil_sources
from tests.reporters.test_hostile import evil_report
from tinygrade import cli
from tinygrade.model import Report

WIDTHS = (390, 1280)
THEMES = ("light", "dark")

LOOKING = (Path(__file__).parent / "looking.js").read_text()


def asked(browser: Any, question: str, *arguments: Any) -> Any:
    """What a function of `looking.js` says of the page."""
    return browser.execute_script(f"{LOOKING}\nreturn {question}(...arguments)", *arguments)


def opened(browser: Any, file: Path, width: int = 1280, theme: str = "light", media: str = "screen") -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    browser.get(file.as_uri())


@pytest.fixture
def written(tmp_path: Path, render: Callable[..., str]) -> Callable[..., Path]:
    """`written(report)`: its page as a file."""

    def write(report: Report, *more: Any) -> Path:
        file = tmp_path / "report.html"
        file.write_text(render(report, *more), encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_fits_can_be_read_and_complains_of_nothing(
    name: str, browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]
) -> None:
    file = written(stored(name))
    for width in WIDTHS:
        for theme in THEMES:
            opened(browser, file, width, theme)
            assert asked(browser, "overflow") == [0, []], (width, theme)
            seen, wrong = asked(browser, "contrast")
            assert seen > 50
            assert not wrong, (width, theme)
    assert browser.get_log("browser") == []


def test_both_themes_are_told_apart(
    browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]
) -> None:
    file, backs = written(stored("stubs")), set()
    for theme in THEMES:
        opened(browser, file, theme=theme)
        backs.add(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
    assert len(backs) == 2


@pytest.mark.parametrize("theme", THEMES)
def test_lines_and_levels_can_be_told_apart(
    theme: str, browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]
) -> None:
    opened(browser, written(stored("stubs")), theme=theme)
    lines = [(name, "card") for name in ("line-main", "line-other", "line-level")]  # WCAG 2.2, 1.4.11
    levels = [(f"error-{name}", "error-right") for name in ("slight", "small", "large", "huge")]
    found = asked(browser, "pairs", [*lines, *levels])
    assert min(found[:3]) >= 3
    assert found[3:] == sorted(found[3:])  # stronger with the error, also without colour
    assert found[3] > 1.1


def test_what_a_student_wrote_stays_text(browser: Any, written: Callable[..., Path], make_report: Any) -> None:
    script, handler = '"><script>window.owned=1</script>', "' onfocus=window.owned=1 autofocus x='"
    for text in (EVIL, script, handler, "</style></svg>"):
        opened(browser, written(evil_report(make_report, text), evil_sources(text)), 390)
        assert asked(browser, "strangers") == []
        assert asked(browser, "overflow")[0] == 0
        assert browser.get_log("browser") == []


def test_strangers_would_be_seen(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "careless.html"
    file.write_text("<body onload='x=1'><script>window.owned=1</script><img src='x'><a href='javascript:y()'>a</a>")
    opened(browser, file)
    assert set(asked(browser, "strangers")) >= {"SCRIPT", "IMG", "onload", "javascript:y()", "window.owned"}
    assert browser.get_log("browser")


def test_on_paper_all_is_shown_on_white(
    browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]
) -> None:
    opened(browser, written(stored("wrong_gradient")), theme="dark", media="print")
    back, hidden, inside = asked(browser, "paper")
    assert back == "rgb(255, 255, 255)"
    assert hidden == "none"
    assert inside > 10
    assert asked(browser, "contrast")[1] == []
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 12


def test_the_keyboard_reaches_everything(
    browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]
) -> None:
    from selenium.webdriver.common.keys import Keys

    opened(browser, written(stored("wrong_gradient")))
    reached = []
    for _ in range(6):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        focused = browser.switch_to.active_element
        reached.append(focused.text.splitlines()[0])
    assert reached[:4] == ["Skip to the report", "Start here", "Checks", "This run"]
    assert browser.execute_script("return document.activeElement.matches('summary')")
    was_open = browser.execute_script("return document.activeElement.parentElement.open")
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.execute_script("return document.activeElement.parentElement.open") is not was_open


def test_the_page_of_a_class(browser: Any, tmp_path: Path) -> None:
    course, book = write_book(tmp_path)
    file = tmp_path / "class.html"
    words = ["--course", str(course), "--gradebook", str(book), "--report", f"html={file}"]
    assert cli.run(["report", "--class", "alpha", *words]) == 0
    for width in WIDTHS:
        for theme in THEMES:
            opened(browser, file, width, theme)
            assert asked(browser, "overflow") == [0, []], (width, theme)
            seen, wrong = asked(browser, "contrast")
            assert seen > 50
            assert not wrong, (width, theme)
    assert asked(browser, "strangers") == []
    assert browser.get_log("browser") == []
