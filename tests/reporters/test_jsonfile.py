"""The JSON report, and that built-in reporters come by the hook that plugins use."""

from __future__ import annotations

import json

from tinygrade.model import Report
from tinygrade.plugins import make_plugin_manager, reporters
from tinygrade.reporters.jsonfile import JsonReporter


def test_json_is_the_report(make_check, make_report, hostile_texts: list[str]) -> None:
    # a pair of surrogates is one character to every reader of JSON
    texts = [text for text in hostile_texts if "\ud800\udfff" not in text] + ["\ud800"]
    checks = [make_check(f"t{i}", "failed", message=text) for i, text in enumerate(texts)]
    report = make_report(*checks, sections={"loss": float("nan")})
    text = JsonReporter().render(report)
    assert text.isascii()
    assert "NaN" not in text
    back = Report.from_json(json.loads(text))
    assert back.checks == report.checks
    assert back.sections == {"loss": None}


def test_built_in_reporters_are_registered(make_check, make_report) -> None:
    registry = reporters(make_plugin_manager())
    assert {"json", "terminal"} <= set(registry.names())
    for name in registry.names():
        assert registry.get(name)().render(make_report(make_check("a")))
