"""Seconds and bytes of the HTML page of each stored report: `python -m benchmarks.page`.

The first page of a process also imports Jinja2 and, where there is a chart, matplotlib.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tinygrade import config, plugins
from tinygrade.cli.sources import sources_of
from tinygrade.model import Report
from tinygrade.reporters.html.reporter import HtmlReporter

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    manager = plugins.make_plugin_manager()
    plugins.load_course_plugin(manager, config.load_course(ROOT / "assignments"))
    reporter = HtmlReporter()
    reporter.use_sources(sources_of(manager))
    pages = []
    for file in sorted((ROOT / "tests/reporters/html").glob("*.json")):
        report = Report.from_json(json.loads(file.read_text())).student_view()
        page: dict[str, Any] = {"report": file.stem}
        for key in ("first", "again"):
            start = time.perf_counter()
            text = reporter.render(report)
            page[key] = round(time.perf_counter() - start, 3)
        pages.append(page | {"kilobytes": round(len(text.encode()) / 1000)})
        print("{report:<16} {first:.2f} s, again {again:.2f} s, {kilobytes} kB".format(**pages[-1]), file=sys.stderr)
    print(json.dumps({"pages": pages, "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()
