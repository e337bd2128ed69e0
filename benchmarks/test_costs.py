"""What each test costs in CPU seconds: `scripts/test PATH -n 0 -p test_costs`.

Wall time, which `--durations` shows, tells little on a machine that does something else, and nothing about processes
that a test leaves to others. Here the clocks of this process and of all its descendants are read before and after.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator

import psutil
import pytest

#: Lines of each list.
SHOWN = 25
_costs: list[tuple[str, float]] = []


def cpu_seconds() -> float:
    """Of this process, its living descendants, and those that they have waited for."""
    here = psutil.Process(os.getpid())
    total = 0.0
    for process in (here, *here.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])  # user and system, its own and its children's
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    before = cpu_seconds()
    result = yield
    _costs.append((item.nodeid, cpu_seconds() - before))
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    files: dict[str, float] = defaultdict(float)
    for name, seconds in _costs:
        files[name.partition("::")[0]] += seconds
    for title, costs in (("files", files), ("tests", dict(_costs))):
        terminalreporter.section(f"CPU seconds of {title}: {sum(costs.values()):.1f}")
        for name, seconds in sorted(costs.items(), key=lambda cost: -cost[1])[:SHOWN]:
            terminalreporter.line(f"{seconds:8.1f}  {name}")
