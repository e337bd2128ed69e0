"""Pages: each has a question and a small example whose numbers are right, and none gives a solution away."""

import json
import re
import subprocess
import sys
import tomllib

import pytest

from tests.course.diagnoses.conftest import ROOT, make_catalogue
from tinygrade.plugins import diagnoses, make_plugin_manager

PAGES = make_catalogue().pages
#: Runs every example of standard input with the solved package as `tinytorch`, and prints what fails.
RUN = """
import doctest, json, sys
sys.path.insert(0, sys.argv[1])
for code, text in json.load(sys.stdin).items():
    test = doctest.DocTestParser().get_doctest(text, {}, code, code, 0)
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
"""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: What only a solution would write, in one of the forms in which it may be written.
TELLTALES = (
    "x.max(",
    ".max(axis",
    "keepdims",
    "np.add.at",
    "swapaxes",
    "1 - tanh",
    "1.0 - tanh",
    "0.044715",
    "sqrt(2",
    "y * (g",
    "(1 - y)",
    "(1.0 - y)",
    "-= lr",
    "-= self.lr",
    "beta1**",
    "1 - beta",
    "1.0 - beta",
    "mean(g",
    "np.tril",
    "np.triu",
    "-np.inf",
    "float('-inf')",
    "/ np.sqrt",
    "** -0.5",
    "parameter.grad = None",
    "np.expand_dims",
    "math.cos",
    "/ (2",
    "2 * h",
    "2h",
)


@pytest.mark.parametrize("code", PAGES)
def test_a_page_has_a_title_a_question_and_an_example(code):
    page = PAGES[code]
    assert page.title
    assert not page.title.endswith(".")
    assert "?" in page.question
    examples = FENCE.findall(page.body)
    assert examples
    assert all(kind == "pycon" for kind, _ in examples)
    assert len(page.question) <= 200


def test_the_numbers_of_examples_are_right():
    examples = {code: "".join(text for _, text in FENCE.findall(page.body)) for code, page in PAGES.items()}
    assert all(">>> " in text for text in examples.values())
    command = [sys.executable, "-W", "error", "-c", RUN, str(ROOT / "reference")]
    done = subprocess.run(command, input=json.dumps(examples), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stdout, done.stdout


def normal(text):
    return re.sub(r"\s+", "", text)


def solution_lines():
    """Lines of the solutions that say something: long enough, and not the head of a function."""
    for file in sorted((ROOT / "reference" / "tinytorch").glob("*.py")):
        for block in re.findall(r"# BEGIN SOLUTION.*?\n(.*?)# END SOLUTION", file.read_text("utf-8"), re.DOTALL):
            for line in block.splitlines():
                line = normal(line.split("  #")[0])
                if len(line) >= 18 and not line.startswith(("def", "class", "#", "raise", '"""', "from", "import")):
                    yield file.name, line


def test_no_page_holds_a_line_of_a_solution():
    lines = list(solution_lines())
    assert len(lines) > 100
    for code, page in PAGES.items():
        text = normal(f"{page.title} {page.question} {page.body}")
        assert not [(file, line) for file, line in lines if line in text], code


def test_no_page_of_the_course_holds_a_piece_of_a_formula():
    built_in = diagnoses(make_plugin_manager()).pages
    for code, page in PAGES.items():
        if code not in built_in:
            text = f"{page.title} {page.question} {page.body}"
            assert not [piece for piece in TELLTALES if piece in text], code


def test_questions_of_checks_hold_no_formula():
    for file in sorted((ROOT / "assignments").glob("assignment*/test_*.py")):
        for hint in re.findall(r'mark\.hint\(\s*"((?:[^"\\]|\\.)*)"', file.read_text("utf-8")):
            assert "?" in hint, (file.name, hint)
            assert not [piece for piece in TELLTALES if piece in hint], (file.name, hint)


def test_every_code_in_use_has_a_page():
    used = {}
    for file in sorted((ROOT / "assignments").glob("assignment*/mutants/*.toml")):
        wanted = tomllib.loads(file.read_text("utf-8")).get("diagnosis", "")
        for code in [wanted] if isinstance(wanted, str) else wanted:
            used.setdefault(code, file.name)
    for file in (*(ROOT / "assignments").rglob("*.py"), *(ROOT / "tinygrade").rglob("*.py")):
        for code in re.findall(r'(?:mistake|Diagnosis)\(\s*"([a-z-]+)"', file.read_text("utf-8")):
            used.setdefault(code, file.name)
    assert {code: name for code, name in used.items() if code and code not in PAGES} == {}


def test_every_rule_has_a_page_and_every_page_a_way_to_it():
    catalogue = make_catalogue()
    source = "".join(
        f.read_text("utf-8") for f in (*(ROOT / "assignments").rglob("*.py"), *(ROOT / "tinygrade").rglob("*.py"))
    )
    ruled = {rule.code for rule in catalogue.rules}
    assert [code for code in catalogue.pages if code not in ruled and f'"{code}"' not in source] == []


def test_the_document_is_current():
    command = [sys.executable, "-P", "-m", "tinygrade", "explain", "--markdown", "--course", str(ROOT / "assignments")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=ROOT)
    assert (ROOT / "docs" / "diagnoses.md").read_text("utf-8") == done.stdout, "run: scripts/docs"
