"""Loading a package from its sources: nothing that lies beside it or in it can stand in for anything else."""

import subprocess
import sys
from pathlib import Path

import pytest

import tinygrade.worker.package

LOADER = str(Path(tinygrade.worker.package.__file__))
BEFORE = """
import importlib.util, json, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("loader", sys.argv[1])
package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
folder = Path(sys.argv[2])
files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.py")}
"""


@pytest.fixture
def worker(tmp_path):
    """`worker(files, code)`: what this code prints in a fresh interpreter, with these files in the folder."""

    def run(files, code):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        command = [sys.executable, "-I", "-B", "-c", BEFORE + code, LOADER, str(tmp_path / "tinytorch")]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


PACKAGE = {"tinytorch/__init__.py": "print('init')\n", "tinytorch/ops.py": "from . import tape\nvalue = tape.value\n"}
TAPE = {"tinytorch/tape.py": "value = 3\n"}


def test_modules_import_each_other(worker):
    code = "package.install('tinytorch', folder, files, {})\nprint(package.load('tinytorch', 'ops').value)\n"
    assert worker({**PACKAGE, **TAPE}, code) == ["init", "3"]


def test_a_package_without_init(worker):
    code = "package.install('tinytorch', folder, files, {})\nprint(package.load('tinytorch', 'tape').value)\n"
    assert worker(TAPE, code + "print(package.load('tinytorch', '').__name__)") == ["3", "tinytorch"]


def test_the_folder_is_never_on_the_path(worker):
    shadows = {name: "raise SystemExit('shadowed')\n" for name in ("json.py", "numpy.py", "tinytorch/json.py")}
    more = {"tinytorch/numpy.py": "raise SystemExit('shadowed')\n", "colorsys.py": "raise SystemExit('shadowed')\n"}
    own = {"tinytorch/__init__.py": "import json, colorsys\n", "tinytorch/ops.py": "import numpy, colorsys\n"}
    code = (
        "package.install('tinytorch', folder, files, {})\n"
        "package.load('tinytorch', 'ops')\n"
        "print([p for p in sys.path if Path(p).resolve() in (folder, folder.parent)])\n"
        "print('tinytorch' not in json.__file__, 'tinytorch' not in sys.modules['numpy'].__file__)\n"
    )
    assert worker({**shadows, **more, **own}, code) == ["[]", "True", "True"]


def test_a_module_that_is_not_there(worker):
    code = (
        "package.install('tinytorch', folder, files, {})\n"
        "try:\n    package.load('tinytorch', 'nothing')\n"
        "except ModuleNotFoundError as error:\n    print(error.name)\n"
    )
    assert worker(PACKAGE, code) == ["init", "tinytorch.nothing"]


def test_without_site_packages_only_the_standard_library_is_left(worker):
    code = (
        "import numpy\n"
        "package.hide_site_packages()\n"
        "import wave, numpy.fft\n"
        "for name in ('pytest', 'tinygrade', 'hypothesis', 'pip'):\n"
        "    try:\n        __import__(name)\n"
        "    except ImportError:\n        print('hidden')\n"
    )
    assert worker({}, code) == ["hidden"] * 4


def test_compiled_files_are_run_as_they_are(worker):
    code = (
        "code = package.compiled(folder, files)\n"
        "print(*sorted(code))\n"
        "package.install('tinytorch', folder, {**files, 'ops.py': b'value = 0'}, code)\n"
        "print(package.load('tinytorch', 'ops').value)\n"
    )
    files = {"tinytorch/ops.py": "value = 6 * 7\n", "tinytorch/bad.py": "def :\n"}
    assert worker(files, code) == ["ops.py", "42"]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"# caf\xe9\nx = 1\n", 1, "save the file as UTF-8"),
        (b"x = 1\n\n# caf\xe9\n", 3, "byte 0xe9 is not utf-8: save the file as UTF-8"),
        (b"# coding: nonsense\n", 1, "unknown encoding: nonsense"),
        (b"# coding: ascii\n\n'\xe9'\n", 3, "byte 0xe9 is not ascii: save the file as UTF-8"),
    ],
)
def test_a_file_in_another_encoding_is_named_with_its_line(worker, content, line, words):
    code = (
        f"files['bad.py'] = {content!r}\n"
        "package.install('tinytorch', folder, files, {})\n"
        "try:\n    package.load('tinytorch', 'bad')\n"
        "except SyntaxError as error:\n    print(Path(error.filename).name, error.lineno, error.msg)\n"
    )
    shown = worker({"tinytorch/__init__.py": ""}, code)
    assert shown[:2] == ["bad.py", str(line)]
    assert words in " ".join(shown)
