"""Lines and bars: drawn by matplotlib, put into the page as SVG whose text is text and whose colours are the page's."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from tinygrade.figures import BarChart, LineChart, Series
from tinygrade.reporters.curve import finite
from tinygrade.reporters.lines import shortened
from tinygrade.text import clean_line

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

#: What is drawn in the colour on the left has that variable of the style sheet in the page.
COLOURS = {
    "#010101": "var(--text)",
    "#020202": "var(--muted)",
    "#030303": "var(--edge)",
    "#040404": "var(--line-main)",
    "#050505": "var(--line-other)",
    "#060606": "var(--line-level)",
}
TEXT, MUTED, EDGE, MAIN, OTHER, LEVEL = COLOURS
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tinygrade",
    "text.parse_math": False,  # what plugins write is text
    "text.color": TEXT,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": EDGE,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
    "font.size": 9.5,
}
#: Inches: at 72 points each, as wide as a phone, so that text has its size there.
SIZE = (4.2, 2.8)
DASHES = ((4.0, 2.0), (6.0, 2.0, 1.5, 2.0), (1.5, 1.5))
LABEL_MOST = 60
#: Bars that are drawn, inches for one that lies, and the columns of its label.
BARS_MOST, BAR_HEIGHT, BAR_LABEL = 60, 0.2, 26
#: What SVG's elements and links are called in ElementTree.
_NAMESPACE, _HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


def draw(chart: LineChart | BarChart, name: str) -> Markup:
    """The chart as an `svg` element.

    Args:
        name: begins every id in it: unique in the page.
    """
    with _matplotlib() as matplotlib:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=_size(chart), layout="constrained")
        FigureCanvasSVG(figure)
        if isinstance(chart, BarChart):
            _bars(figure.subplots(), chart)
        else:
            _plot(figure.subplots(), chart)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _inline(file.getvalue(), name, clean_line(chart.alt))


def _size(chart: LineChart | BarChart) -> tuple[float, float]:
    """Lying bars have a line of text each."""
    if isinstance(chart, BarChart) and chart.lying:
        return SIZE[0], max(1.5, 0.9 + BAR_HEIGHT * min(len(chart.values), BARS_MOST))
    return SIZE


def _bars(axes: Axes, chart: BarChart) -> None:
    values = [max(0.0, finite(value) or 0.0) for value in chart.values[:BARS_MOST]]
    places = range(len(values))
    labels = [shortened(_label(text), BAR_LABEL) for text in chart.labels[: len(values)]]
    if all(float(value).is_integer() for value in values):  # numbers of students: no halves on the axis
        axes.locator_params(axis="x" if chart.lying else "y", integer=True)
    if chart.lying:
        axes.barh(places, values, color=MAIN, height=0.7)
        axes.set_yticks(places, labels)
        axes.invert_yaxis()
        axes.set_xlabel(_label(chart.value_label))
        axes.set_xlim(0, chart.most)
        axes.grid(visible=False, axis="y")
    else:
        axes.bar(places, values, color=MAIN, width=0.9)
        axes.set_xticks(places, labels)
        axes.set_xlabel(_label(chart.label))
        axes.set_ylabel(_label(chart.value_label))
        axes.set_ylim(0, chart.most)
        axes.grid(visible=False, axis="x")
    axes.set_axisbelow(True)


def _plot(axes: Axes, chart: LineChart) -> None:
    if chart.log_y:
        axes.set_yscale("log")
    others = 0
    for series in chart.series:
        x, y = _points(series, chart.log_y)
        if series.role == "main":
            axes.plot(x, y, color=MAIN, linewidth=2.2, label=_label(series.label))
        else:
            axes.plot(x, y, color=OTHER, linewidth=1.6, dashes=DASHES[others % 3], label=_label(series.label))
            others += 1
    for level in chart.levels:
        axes.axhline(level.y, color=LEVEL, linewidth=1.4, dashes=(1.0, 1.6), label=_label(level.label))
    axes.set_xlabel(_label(chart.x_label))
    axes.set_ylabel(_label(chart.y_label))
    if chart.log_y:
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda *_: "")
    axes.legend(frameon=False)


def _label(text: str) -> str:
    # an underscore in front would hide it from the legend
    return clean_line(text, LABEL_MOST).lstrip("_")


def _points(series: Series, log: bool) -> tuple[list[float], list[float]]:
    pairs = [(finite(x), finite(y)) for x, y in zip(series.x, series.y, strict=False)]
    kept = [(x, y) for x, y in pairs if x is not None and y is not None and (y > 0 or not log)]
    return [x for x, _ in kept], [y for _, y in kept]


# ---- matplotlib, as it is and not as somebody has set it up ------------------------------------------


@contextlib.contextmanager
def _matplotlib() -> Iterator[Any]:
    """matplotlib with its own settings: it would read a file `matplotlibrc` of the current folder, a student's."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # about its cache of fonts
    with contextlib.chdir(Path(__file__).parent):
        import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a sign that its fonts lack is the browser's to show
        matplotlib.rcdefaults()
        yield matplotlib


# ---- from a file of its own to a part of the page ----------------------------------------------------


def _inline(svg: str, name: str, alt: str) -> Markup:
    from markupsafe import Markup

    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.removeprefix(_NAMESPACE) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        element.attrib = dict(_attribute(key, value, name) for key, value in element.attrib.items())
    box = root.attrib["viewBox"]
    root.attrib = {"role": "img", "aria-label": alt, "viewBox": box, "class": "chart"}
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _attribute(key: str, value: str, name: str) -> tuple[str, str]:
    if key == "id":
        return key, f"{name}-{value}"
    if key == _HREF:
        return "href", value.replace("#", f"#{name}-")
    value = value.replace("url(#", f"url(#{name}-")
    for colour, variable in COLOURS.items():
        value = value.replace(colour, variable)
    if key == "style":
        parts = (part.strip() for part in value.split(";"))
        value = "; ".join(_font(part) for part in parts if part and not part.startswith("font-family"))
    return key, value


def _font(declaration: str) -> str:
    """matplotlib's font as the page's own family in that size."""
    property, _, value = declaration.partition(":")
    size = next((word for word in value.split() if word.endswith("px")), "")
    return f"font-size: {size}" if property == "font" and size else declaration
