"""The report as JSON, in the form that report.schema.json describes."""

from __future__ import annotations

import json

from tinygrade.model import Report


class JsonReporter:
    """ASCII only, so that no encoding and no control character can go wrong on the way."""

    suffix = ".json"

    def render(self, report: Report) -> str:
        return json.dumps(report.to_json(), indent=2, allow_nan=False) + "\n"
