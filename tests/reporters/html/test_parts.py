"""The drawings of the page, one by one: error maps, charts, tables of figures, pages of diagnoses."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tinygrade.errormap import ErrorMap
from tinygrade.figures import HeatMap, Level, LineChart, Meter, Panel, Series, Table
from tinygrade.model import Report
from tinygrade.reporters.base import Sources
from tinygrade.reporters.html import chart, errormap, markdown
from tinygrade.reporters.html.sections import sections_of


def drawn(rows: list[list[float | None]], shape: tuple[int, ...] | None = None) -> str:
    table = tuple(map(tuple, rows))
    found = errormap.draw(ErrorMap("f(x) <b>", shape or (len(rows), len(rows[0])), table))
    assert found is not None
    return str(found)


# ---- error maps --------------------------------------------------------------------------------------


def test_each_level_is_one_path_with_its_cells_and_a_place_in_the_legend() -> None:
    figure = drawn([[0.0, 0.004, 0.05], [0.7, 3.0, None]])
    for name in ("right", "slight", "small", "large", "huge", "none"):
        assert figure.count(f'<path class="error-{name}" d="M') == 1
        assert f'swatch error-{name}"' in figure
    assert figure.count("z") - figure.count("size") == 6
    assert "5 of 6 entries are wrong" in figure
    assert "f(x) &lt;b&gt;" in figure
    ElementTree.fromstring(f"<div>{figure}</div>")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[0.0, 1.0], [0.0, 1.0]], "2 of 4 entries are wrong: all in column 1."),
        ([[1.0, 1.0], [0.0, 0.0]], "2 of 4 entries are wrong: all in row 0."),
        ([[0, 0, 0], [1, 0, 1], [1, 0, 1]], "4 of 9 entries are wrong: all in rows 1–2 and columns 0, 2."),
        ([[1.0, 0.0], [0.0, 1.0]], "2 of 4 entries are wrong."),
        ([[0.0, 0.0, 1.0]], "1 of 3 entries is wrong: all in column 2."),
    ],
)
def test_words_say_where(rows: list[list[float | None]], said: str) -> None:
    assert said in drawn(rows)


def test_rows_of_several_axes_have_their_index_and_blocks_are_told() -> None:
    assert ">1,2</text>" in drawn([[1.0]] * 6, (2, 3, 1))
    figure = drawn([[1.0] * 32] * 32, (64, 100))
    assert "Each cell is the worst of 2×4 entries." in figure
    assert ">16</text>" in figure


@pytest.mark.parametrize("rows", [(), ((),), ((1.0,), (1.0, 2.0))])
def test_a_damaged_map_is_left_out(rows: tuple[tuple[float, ...], ...]) -> None:
    assert errormap.draw(ErrorMap("f", (2, 2), rows)) is None


# ---- charts ------------------------------------------------------------------------------------------


def line_chart(**changes: object) -> LineChart:
    series = [Series("yours", [0, 10, 20], [3.0, 0.5, 0.1]), Series("reference", [0, 20], [3.0, 0.05], "other")]
    values = {"title": "t", "alt": "falls", "x_label": "step", "y_label": "loss", "series": series, "log_y": True}
    return LineChart(**{**values, "levels": [Level("floor", 0.044)], **changes})  # type: ignore[arg-type]


def test_text_is_text_and_colours_are_those_of_the_page() -> None:
    svg = str(chart.draw(line_chart(), "chart1"))
    for text in ("yours", "reference", "floor", "step", "loss", "0.1"):
        assert f">{text}</text>" in svg
    assert {variable for variable in ("--line-main", "--line-other", "--line-level") if variable in svg} == {
        "--line-main",
        "--line-other",
        "--line-level",
    }
    assert "#0" not in svg.replace("url(#", "").replace('href="#', "")
    assert svg.startswith('<svg role="img" aria-label="falls" viewBox="0 0 ')
    assert "<style" not in svg
    assert "DejaVu" not in svg


def test_two_charts_share_no_id_and_the_same_chart_is_drawn_alike() -> None:
    one, two, again = (str(chart.draw(line_chart(), name)) for name in ("a", "b", "a"))
    ids = [{e.attrib["id"] for e in ElementTree.fromstring(svg).iter() if "id" in e.attrib} for svg in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert one == again


@pytest.mark.parametrize("text", ["$x^2$ \\frac{", "<b>&'\"", "_hidden", "日本 \u202e\x1b[31m", "x" * 5000])
def test_labels_are_taken_as_they_are(text: str) -> None:
    svg = str(chart.draw(line_chart(x_label=text, alt=text, series=[Series(text, [1, 2], [1, 2])]), "c"))
    root = ElementTree.fromstring(svg)
    assert text.lstrip("_")[:2] in "".join(e.text or "" for e in root.iter("text"))
    assert "\x1b" not in svg


@pytest.mark.parametrize("y", [[math.nan, math.inf], [None, None], [0.0, -1.0], [], [1e300, 1e-300], [5.0, 5.0]])
def test_strange_numbers_do_no_harm(y: list[float | None]) -> None:
    assert "<svg" in str(chart.draw(line_chart(series=[Series("s", [1, 2], y)], levels=[]), "c"))


def test_a_configuration_of_matplotlib_in_the_current_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 77\ntext.usetex: True\nsvg.fonttype: path\n")
    code = (
        "from tests.reporters.html.test_parts import line_chart; from tinygrade.reporters.html import chart;"
        "import sys; svg = str(chart.draw(line_chart(), 'c')); assert '>loss</text>' in svg; assert '77px' not in svg;"
        "import matplotlib; assert matplotlib.rcParams['font.size'] == 10"
    )
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {code}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


# ---- sections ----------------------------------------------------------------------------------------


def test_sections_are_figures_or_else_text_or_else_nothing(make_report, make_check) -> None:
    figures = [
        HeatMap("h", "alt", [Panel("p", [[0.0, 0.5], [1.0, None]], ["a", "b"], ["c", "d"])]),
        Table("t", ["x", "y"], [["1", "2"], ["3", "4"]], right=(1,), good=[True, False]),
        Meter("m", 5.0, 20.0, "5 of 20"),
    ]
    sources = Sources(
        lambda name, _: ["a line"] if name == "text" else None, lambda name, _: figures if name == "f" else None
    )
    report: Report = make_report(make_check("a"), sections={"f": 1, "text": 1, "unknown": 1})
    drawn, text = sections_of(report, sources)
    heat, table, meter = (figure.content for figure in drawn.figures)
    assert heat[0].rows == [
        ("a", [(".00", "shade-0"), (".50", "shade-2")]),
        ("b", [("1.00", "shade-4"), ("", "shade-none")]),
    ]
    assert table == [("good", [("1", False), ("2", True)]), ("bad", [("3", False), ("4", True)])]
    assert meter == "25.0"
    assert text.text == "a line"


# ---- pages of diagnoses ------------------------------------------------------------------------------


def test_pages_are_paragraphs_and_code() -> None:
    page = markdown.to_html("One `x < 1`\nline.\n\nTwo <b>.\n\n```pycon\n>>> a & b\n```\n\nThree.\n")
    assert page == (
        "<p>One <code>x &lt; 1</code>\nline.</p><p>Two &lt;b&gt;.</p>"
        '<pre tabindex="0"><code>&gt;&gt;&gt; a &amp; b</code></pre><p>Three.</p>'
    )


@pytest.mark.parametrize("text", ["```\nunclosed <script>", "`a\nb`", "``` x\n<i>\n```", "", "<img src=x>", "`" * 5000])
def test_a_page_makes_no_other_element(text: str) -> None:
    root = ElementTree.fromstring(f"<div>{markdown.to_html(text)}</div>")
    assert {element.tag for element in root.iter()} <= {"div", "p", "pre", "code"}
