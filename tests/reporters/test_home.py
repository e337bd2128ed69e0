"""How a run is repeated at home, and what may differ there."""

from __future__ import annotations

from collections.abc import Callable

from tinygrade.model import Report
from tinygrade.reporters import home


def test_the_command_is_one_that_a_shell_takes(make_report: Callable[..., Report]) -> None:
    assert home.again(make_report()) == "tinygrade check assignment3 --seed 41"
    assert home.again(make_report(assignment="a; rm -rf ~")) == "tinygrade check 'a; rm -rf ~' --seed 41"


def test_what_is_known_is_told(make_report: Callable[..., Report]) -> None:
    report = make_report(environment={"System": "Linux 6.8", "numpy": "2.4.6", "course": "abc"}, tinygrade="0.1.0")
    assert home.graded_with(report) == "numpy 2.4.6, Linux 6.8, isolation strong, tinygrade 0.1.0"
    assert home.graded_with(make_report(environment={})) == "isolation strong"


def test_only_what_differs_is_named() -> None:
    there = {"numpy": "2.4.6", "python": "3.11.7", "system": "Linux 6.8.0"}
    assert home.differences(there, there) == []
    assert home.differences(there, there | {"system": "Linux 5.10"}) == []
    assert home.differences(there, {"numpy": "2.1.0", "python": "3.11.7", "system": "Darwin 23"}) == [
        "numpy 2.4.6 there, 2.1.0 here",
        "system Linux there, Darwin here",
    ]
    assert home.differences({}, there) == []
