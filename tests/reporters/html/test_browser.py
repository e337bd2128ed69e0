"""The page in a real browser: on a phone, in the dark, on paper, and with everything that a student may try in it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.inert import EVIL
from tests.reporters.html.record import REPORTS
from tests.reporters.html.test_reporter import evil_sources
from tests.reporters.test_hostile import evil_report
from tinygrade.model import Report

WIDTHS = (390, 1280)
THEMES = ("light", "dark")

#: Opens all details, then gives every text whose contrast with what is behind it is below that of WCAG 2.2, 1.4.3 AA.
CONTRAST = """
document.querySelectorAll("details").forEach(d => d.open = true);
const parse = c => { const n = (c.match(/[\\d.]+/g) || []).map(Number); return [n[0], n[1], n[2], n[3] === undefined ? 1 : n[3]]; };
const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const light = c => { const v = c.slice(0, 3).map(x => { x /= 255; return x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
  return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
const behind = e => { const layers = []; for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]); };
const wrong = []; let seen = 0;
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode.data.trim(), e = walk.currentNode.parentElement;
  if (!text || !e.checkVisibility()) continue;
  const style = getComputedStyle(e), back = behind(e);
  const ink = over(parse(e instanceof SVGElement ? style.fill : style.color), back);
  const [a, b] = [light(ink), light(back)].sort((x, y) => y - x);
  const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
  seen += 1;
  if ((a + .05) / (b + .05) < (large ? 3 : 4.5)) wrong.push([text.slice(0, 40), e.className, ink, back]);
}
return [seen, wrong];
"""
#: Contrast of each colour of the style sheet with another one.
PAIRS = """
const light = c => { const v = [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16) / 255)
  .map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
const style = getComputedStyle(document.documentElement);
return arguments[0].map(pair => { const [a, b] = pair.map(n => light(style.getPropertyValue("--" + n).trim())).sort((x, y) => y - x);
  return (a + .05) / (b + .05); });
"""
OVERFLOW = """
document.querySelectorAll("details").forEach(d => d.open = true);
const page = document.documentElement.scrollWidth;
const inside = e => e.closest(".scroll, pre");
const wide = [...document.querySelectorAll("body *")].filter(e => !inside(e) && !e.closest(".skip, .visually-hidden")
  && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + "." + e.className);
return [page - innerWidth, wide.slice(0, 5)];
"""


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
            assert browser.execute_script(OVERFLOW) == [0, []], (width, theme)
            seen, wrong = browser.execute_script(CONTRAST)
            assert seen > 50
            assert not wrong, (width, theme)
    assert browser.get_log("browser") == []


def test_both_themes_are_told_apart(browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]) -> None:
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
    found = browser.execute_script(PAIRS, [*lines, *levels])
    assert min(found[:3]) >= 3
    assert found[3:] == sorted(found[3:])  # stronger with the error, also without colour
    assert found[3] > 1.1


def test_what_a_student_wrote_stays_text(browser: Any, written: Callable[..., Path], make_report: Any) -> None:
    for text in (EVIL, '"><script>window.owned=1</script>', "' onfocus=window.owned=1 autofocus x='", "</style></svg>"):
        opened(browser, written(evil_report(make_report, text), evil_sources(text)), 390)
        script = "return [window.owned === undefined, document.querySelectorAll(arguments[0]).length]"
        assert browser.execute_script(script, "script, img, iframe, evil-tag, object, embed, form, base") == [True, 0]
        links = "return [...document.querySelectorAll('[href], [src], [action]')].map(e => e.getAttribute('href'))"
        assert all(link.startswith("#") or link == "data:," for link in browser.execute_script(links))
        assert browser.execute_script(
            "return [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on'))"
        ) == []
        assert browser.execute_script(OVERFLOW)[0] == 0
        assert browser.get_log("browser") == []


def test_on_paper_all_is_shown_on_white(browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]) -> None:
    opened(browser, written(stored("wrong_gradient")), theme="dark", media="print")
    back, hidden, inside = browser.execute_script("""
        const inside = document.querySelector("details:not([open]) > .more");
        return [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector("nav")).display,
                inside.checkVisibility() && inside.getBoundingClientRect().height]""")
    assert back == "rgb(255, 255, 255)"
    assert hidden == "none"
    assert inside > 10
    assert browser.execute_script(CONTRAST)[1] == []
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 12


def test_the_keyboard_reaches_everything(browser: Any, written: Callable[..., Path], stored: Callable[[str], Report]) -> None:
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
