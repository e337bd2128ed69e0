"""A report as one line, for a chat or a log: who, what, how many points, and what to mend first."""

from tinygrade.text import clean_line


class OneLine:
    """`render` is all that a reporter needs. What a student may have written is cleaned for the place it goes to."""

    def render(self, report):
        source = clean_line(report.submission["source"], 60)
        score = "no score" if report.score is None else f"{report.score:g}/{report.max_score:g}"
        first = next((check for check in report.checks if not check.ok), None)
        todo = f"   first: {clean_line(first.title, 60)}" if first else ""
        return f"{source}   {report.assignment}   {score}{todo}\n"
