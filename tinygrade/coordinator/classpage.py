"""A class as a page of figures: what an instructor looks at after grading."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tinygrade.coordinator.overview import to_look_at
from tinygrade.figures import BarChart, Figure, Table
from tinygrade.gradebook.insight import EXAMPLES, Insight, Item
from tinygrade.reporters.html.figurepage import FigurePage, Part

#: Rows of a table of mistakes, and bars of them.
MISTAKES = 30
DISCRIMINATION = (
    "Discrimination is the correlation of a check's points with the points for all other checks (corrected "
    "item-total; point-biserial where a check is passed or failed). Near 0 or below: who knows more does not do "
    "better here, so look at the check itself. A dash: everybody got the same, or there are fewer than three."
)


def page_of(title: str, name: str, found: Insight, problems: Sequence[tuple[str, str]]) -> FigurePage:
    """Scores, checks, mistakes, time, and who needs a person. `problems`: students without a grade, and why."""
    parts = [_scores(found), _checks(found), _mistakes(found), _times(found)] if found.scores else []
    look = _people(found, problems)
    notes = [f"{len(problems)} without a grade"] if problems else []
    if found.scores:
        middle = statistics.median(found.scores)
        notes = [f"median {middle:g} of {found.max_score:g}", f"mean {statistics.fmean(found.scores):.1f}", *notes]
    shown = [part for part in [*parts, look] if part is not None]
    return FigurePage(name, f"{title}: the class", f"{len(found.scores)} graded", notes, shown)


def _scores(found: Insight) -> Part:
    counts = found.histogram()
    edges = [found.max_score * number / len(counts) for number in range(len(counts))]
    told = ", ".join(f"{count} from {low:g}" for low, count in zip(edges, counts, strict=True) if count)
    labels = [f"{low:g}" for low in edges]
    caption = f"Each bar holds the scores from its number on, a tenth of {found.max_score:g} points wide."
    bars = BarChart("Scores", f"Students by score: {told}.", "points", "students", labels, counts, caption=caption)
    quarters = statistics.quantiles(found.scores, n=4) if len(found.scores) > 1 else [found.scores[0]] * 3
    rows = [
        ("lowest", f"{min(found.scores):g}"),
        *(
            (label, f"{value:.4g}")
            for label, value in zip(("first quarter", "median", "third quarter"), quarters, strict=True)
        ),
        ("highest", f"{max(found.scores):g}"),
        ("mean", f"{statistics.fmean(found.scores):.4g}"),
        ("full marks", f"{sum(score >= found.max_score for score in found.scores)}"),
    ]
    return Part("Scores", [bars, Table("In numbers", ("", "points"), rows, right=(1,))])


def _checks(found: Insight) -> Part:
    hardest = found.hardest()
    rates = [100 * item.pass_rate for item in hardest]
    told = ", ".join(f"{item.title} {item.pass_rate:.0%}" for item in hardest[:5])
    alt = f"Pass rate of each check; the lowest: {told}."
    titles = [item.title for item in hardest]
    bars = BarChart("Who passes", alt, "check", "% of the class", titles, rates, lying=True, most=100)
    columns = ("check", "points", "passed", "mean share", "discrimination", "seconds", "did not pass")
    rows = [_row(item) for item in hardest]
    table = Table("Every check, the hardest first", columns, rows, right=(1, 2, 3, 4, 5), caption=DISCRIMINATION)
    return Part("Checks", [bars, *_unanimous(found), table])


def _unanimous(found: Insight) -> list[Figure]:
    nobody, everybody = found.unanimous()
    rows = [(item.title, "nobody") for item in nobody] + [(item.title, "everybody") for item in everybody]
    caption = "What nobody passes may be the check's fault, or the lecture's; what everybody passes tells nobody apart."
    return [Table("Passed by nobody, or by everybody", ("check", "passed by"), rows, caption=caption)] if rows else []


def _row(item: Item) -> tuple[str, ...]:
    apart = item.discrimination
    return (
        *(item.title, f"{item.max_points:g}", f"{item.pass_rate:.0%}", f"{statistics.fmean(item.shares):.0%}"),
        *("–" if apart is None else f"{apart:.2f}", f"{statistics.fmean(item.seconds):.2f}", ", ".join(item.failing)),
    )


def _mistakes(found: Insight) -> Part | None:
    common = found.commonest()[:MISTAKES]
    if not common:
        return None
    counts = [len(mistake.students) for mistake in common]
    codes = [mistake.code for mistake in common]
    alt = f"Students by mistake; most often {codes[0]}, {counts[0]} of {len(found.scores)}."
    bars = BarChart("How many made it", alt, "mistake", "students", codes, counts, lying=True)
    rows = [(m.code, f"{len(m.students)}", ", ".join(m.students[:EXAMPLES])) for m in common]
    table = Table("Who, for example", ("mistake", "students", "for example"), rows, right=(1,))
    return Part("Mistakes that were recognised", [bars, table], "tinygrade explain CODE shows the page of each.")


def _times(found: Insight) -> Part:
    middle, slowest = found.spent()
    checks = sorted(found.items.values(), key=lambda item: -statistics.fmean(item.seconds))[:10]
    seconds = [statistics.fmean(item.seconds) for item in checks]
    alt = f"Mean seconds of the slowest checks; most: {checks[0].title}, {seconds[0]:.2f} s." if checks else ""
    titles = [item.title for item in checks]
    bars = BarChart("Slowest checks", alt, "check", "mean seconds", titles, seconds, lying=True)
    rows = [("median", f"{middle:.1f}"), *((student, f"{took:.1f}") for took, student in slowest)]
    return Part("Time", [bars, Table("Seconds of a whole grading", ("", "seconds"), rows, right=(1,))])


def _people(found: Insight, problems: Sequence[tuple[str, str]]) -> Part | None:
    rows = to_look_at(found, problems)
    if not rows:
        return None
    caption = (
        "Work that is alike is compared by fingerprints of its tokens, without the template and without what many "
        "have in common. In a course with fixed formulas there are honest reasons for it: read both before you ask."
    )
    table = Table("Where to look", ("who", "why"), rows, caption=caption)
    return Part("Look at these yourself", [table], "Places to look, and no verdicts.")
