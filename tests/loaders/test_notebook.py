"""Notebooks: marked cells become the files of the package, everything else stays outside."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tinygrade.errors import SubmissionError
from tinygrade.loaders import builtin, notebook, rules


@pytest.fixture
def load(assignment, into, tmp_path):
    """`load(cell, ...)`: a notebook as Jupyter writes it, loaded; `load(text=...)`: a file with this content."""

    def read(*cells, text=None, name="work.ipynb"):
        source = tmp_path / name
        if text is None:
            book = new_notebook(cells=[new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells])
            nbformat.write(book, str(source))
        else:
            source.write_bytes(text if isinstance(text, bytes) else text.encode())
        return builtin.tinygrade_load_submission(str(source), assignment, into)

    return read


def contents(submission):
    return {name: (submission.root / name).read_text() for name in submission.files}


def test_marked_cells_are_joined_by_file(load):
    loaded = load(
        new_markdown_cell("# tinytorch/tensor.py"),
        "import numpy as np\nprint('scratch')",
        "# tinytorch/tensor.py\nx = 1",
        "\n\n#tinytorch/deep/ops.py  \ny = 1\n",
        "%%writefile tinytorch/tensor.py\nz = 1",
        "%%writefile -a tinytorch/tensor.py\nw = 1",
        "# see tinytorch/tensor.py\nv = 1",
        "# tests/test_mine.py\nu = 1",
    )
    assert contents(loaded) == {
        "tinytorch/deep/ops.py": "y = 1\n\n",
        "tinytorch/tensor.py": "x = 1\nz = 1\nw = 1\n",
    }


def test_what_only_the_notebook_understands_becomes_a_comment(load):
    cell = "# tinytorch/tensor.py\n%timeit f()\n!pip list\nx = 7 \\\n  % 3\n%%time\ny = (1\n% 2)\ns = '%d' % 3\n"
    assert contents(load(cell))["tinytorch/tensor.py"] == (
        "# %timeit f()\n# !pip list\nx = 7 \\\n  % 3\n# %%time\ny = (1\n% 2)\ns = '%d' % 3\n\n"
    )


def test_the_template_gives_the_rest(load, assignment):
    folder = assignment.course.template / "tinytorch"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "tensor.py").write_text("raise NotImplementedError\n")
    (folder / "given.py").write_text("g = 1\n")
    assert contents(load("# tinytorch/tensor.py\nx = 1")) == {
        "tinytorch/__init__.py": "",
        "tinytorch/given.py": "g = 1\n",
        "tinytorch/tensor.py": "x = 1\n",
    }


def test_outputs_are_not_looked_at(load):
    cell = new_code_cell("# tinytorch/tensor.py\nx = 1")
    cell.outputs = [new_output("stream", text="# tinytorch/evil.py\n" * 1000)]
    assert contents(load(cell)) == {"tinytorch/tensor.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([], "no cell is marked; begin each with the file that it belongs to: # tinytorch/tensor.py$"),
        (["x = 1", "# notes"], "no cell is marked"),
        (["# tinytroch/tensor.py\nx = 1"], r"tinytroch/tensor.py is the mark of a cell; did you mean 'tinytorch'\?"),
        (["# tinytorch/my-notes.py\nx"], "tinytorch/my-notes.py is no name that import can reach"),
        (["# tinytorch/../../outside.py\nx"], "is no name that import can reach"),
        (["# tinytorch//x.py\nx"], "is no name that import can reach"),
        (["# tinytorch/a/b/c/d/e.py\nx"], "no .py file"),
        (["# tinytorch/a.py\nx", "# tinytorch/A.py\nx"], "differ only in upper and lower case"),
        (["# tinytorch/a.py\n" + "x" * (rules.MAX_FILE_BYTES + 1)], "is larger than 256 KiB"),
    ],
)
def test_notebooks_that_are_refused(load, cells, problem, into):
    with pytest.raises(SubmissionError, match=problem) as caught:
        load(*cells)
    assert "\n" not in str(caught.value)
    assert not list(into.iterdir())


CELL = {"cell_type": "code", "source": "# tinytorch/tensor.py"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is damaged, or no notebook"),
        ("{", "is damaged, or no notebook"),
        (b"\xff\xfe\x00", "is damaged, or no notebook"),
        ("[" * 200_000, "is damaged, or no notebook"),
        ('{"nbformat": ' + "9" * 10_000 + "}", "is damaged, or no notebook"),
        ("[]", "is no notebook of format 4"),
        (json.dumps({"nbformat": 3, "worksheets": []}), "is no notebook of format 4"),
        (json.dumps({"nbformat": 4, "cells": [CELL | {"source": 3}]}), "a cell holds no text"),
        (json.dumps({"nbformat": 4, "cells": [CELL | {"source": ["x", None]}]}), "a cell holds no text"),
        (json.dumps({"nbformat": 4, "cells": [CELL] * (notebook.MAX_CELLS + 1)}), "more than 10,000 cells"),
        (b"{" + b" " * notebook.MAX_BYTES + b"}", "is larger than 16 MiB; clear its outputs"),
    ],
)
def test_files_that_are_no_notebooks(load, text, problem):
    with pytest.raises(SubmissionError, match=problem) as caught:
        load(text=text)
    assert "\n" not in str(caught.value)


def test_a_lone_surrogate_stays_the_students_problem(load):
    book = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "# tinytorch/tensor.py\ns = '\ud800'"}]}
    loaded = load(text=json.dumps(book))
    assert b"\xed\xa0\x80" in (loaded.root / "tinytorch/tensor.py").read_bytes()
