"""The summary of a GitHub job: the Markdown report, within the limit beyond which GitHub shows nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrade.model import Report
from tinygrade.reporters.markdown import MarkdownReporter

#: Bytes of a step's summary: GitHub drops one above 1024 KiB as a whole, and others may write to it, too.
LIMIT = 900 * 1024


class GithubSummaryReporter(MarkdownReporter):
    """Goes to `$GITHUB_STEP_SUMMARY` unless a file is named. Students read it, so it has the student's view."""

    #: Variable that names the file to append to.
    environment_file = "GITHUB_STEP_SUMMARY"

    def render(self, report: Report) -> str:
        return self.render_all([report])

    def render_all(self, reports: Sequence[Report]) -> str:
        """One after the other, as far as they fit."""
        kept: list[str] = []
        room = LIMIT
        for part in (part for report in reports for part in self.parts(report.student_view())):
            room -= len(part.encode()) + 2
            if room < 0:
                kept.append("The rest would be more than GitHub shows.")
                break
            kept.append(part)
        return "\n\n".join(kept) + "\n"
