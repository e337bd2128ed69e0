"""The tables at the end of a run: the seed's own, as lines for a terminal or a pipe."""

from __future__ import annotations

from tinygrade.reporters.lines import Line, table

from ..judging import Prediction, improvement
from ..strings import MAX_LEN, SEED_STRINGS
from . import picture
from .models import Size
from .run import STOPPED, Run

#: What the seed's run of five minutes gave with the ultra-tiny model, and with the small one.
SEED_STEPS, SEED_PER_SECOND, SEED_INITIAL, SEED_FINAL, SEED_IMPROVEMENT, SEED_EXACT = (
    *(16_163, 53.88, 2.8945, 0.0645, 0.978, 10),
)


def report(run: Run, size: Size, how: str) -> list[Line]:
    """All tables."""
    best = run.best
    return [
        *_titled("Configuration", _configuration(run, size, how)),
        *_titled("Performance", _performance(run)),
        *_titled("Learning progression", _progression(run)),
        *_predictions(f"Perfect predictions ({best.exact}/{len(best.predictions)})", best.predictions, exact=True),
        *_predictions("Near-perfect and missed", best.predictions, exact=False),
        *_order(run),
        *_verdict(run),
    ]


def _titled(title: str, rows: list[tuple[str, ...]]) -> list[Line]:
    return [Line(title, "bold"), *(Line(f"  {row}") for row in table(rows)), Line("")]


def _configuration(run: Run, size: Size, how: str) -> list[tuple[str, ...]]:
    layers = f"{size.layers} layer{'s' if size.layers > 1 else ''}, {size.width} dims, {size.heads} heads"
    count = len(run.exam.strings)
    return [
        ("model", size.name),
        ("parameters", f"{size.parameters:,}"),
        ("architecture", layers),
        ("sequence length", f"{MAX_LEN}"),
        ("data", f"{count} strings{_unique(run)}"),
        ("training", how),
    ]


def _unique(run: Run) -> str:
    unique = len(set(run.exam.strings))
    return "" if unique == len(run.exam.strings) else f" ({unique} unique)"


def _performance(run: Run) -> list[tuple[str, ...]]:
    """Beside the seed's figures where they are about the same strings."""
    best, cases, floor = run.best, len(run.exam.cases), run.at_floor()
    seed = run.exam.strings == SEED_STRINGS
    gain = improvement(run.initial_loss, run.final_loss)
    rows: list[tuple[str, str, str]] = [
        ("training time", f"{run.used:.1f} s", "300 s"),
        ("steps", f"{run.step:,}", f"{SEED_STEPS:,}"),
        ("speed", f"{run.steps_per_second:,.1f} steps/s", f"{SEED_PER_SECOND} steps/s"),
        ("initial loss", f"{run.initial_loss:.4f}", f"{SEED_INITIAL}"),
        ("final loss", f"{run.final_loss:.4f}", f"{SEED_FINAL}"),
        ("improvement", f"{gain:.1%}", f"{SEED_IMPROVEMENT:.1%}"),
        ("best loss, all strings", f"{best.loss:.4f}", ""),
        ("entropy floor", f"{run.exam.floor:.4f}", f"{run.exam.floor:.4f}" if seed else ""),
        ("within 5 % of it", f"step {floor.step:,}, {floor.seconds:.2f} s" if floor else "not reached", ""),
        ("exact", f"{best.exact}/{cases} (ceiling {run.exam.ceiling})", f"{SEED_EXACT}/15"),
        ("learned", f"{best.learned}/{cases}", ""),
    ]
    return [("", "this run", "the seed's"), *rows] if seed else [(name, value) for name, value, _ in rows]


def _progression(run: Run) -> list[tuple[str, ...]]:
    rows = [(f"step {step:>7,}", f"loss {loss:.4f}") for step, loss in run.milestones().items()]
    if run.history[-1].step not in run.milestones():
        rows.append((f"step {run.history[-1].step:>7,}", f"loss {run.history[-1].loss:.4f}"))
    return list(rows)


def _predictions(title: str, predictions: tuple[Prediction, ...], exact: bool) -> list[Line]:
    chosen = [p for p in predictions if p.exact == exact]
    if not chosen:
        return []
    rows = [
        (p.input, "->", p.expected, f"got {p.got or '-'}", f"{int(p.credit * 100)}%", p.note or "exact") for p in chosen
    ]
    lines = [Line(f"  {row}", picture.style(p)) for row, p in zip(table(rows, right=(4,)), chosen, strict=True)]
    return [Line(title, "bold"), *lines, Line("")]


def _order(run: Run) -> list[Line]:
    rows = [(name, f"step {step:,}" if step is not None else "not yet") for name, step in run.order()]
    return _titled("Order of learning (all cases of a kind with full credit)", rows)


def _verdict(run: Run) -> list[Line]:
    learned = f"{run.best.learned}/{len(run.exam.cases)} learned, {run.best.exact} exact"
    notes = [Line(f"ended: {STOPPED[run.stopped]} at step {run.step:,}; {learned}")]
    if run.exam.ceiling < len(run.exam.cases):
        notes.append(Line(f"Several strings begin alike, so no model names more than {run.exam.ceiling} exactly."))
    return notes
