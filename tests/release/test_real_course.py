"""The bundle of this repository's own course, without its gradings: these are what `tinygrade release` itself does."""

from datetime import date

import pytest

from tinygrade import plugins
from tinygrade.config import load_assignment, load_course
from tinygrade.release import bundle, leaks, solutions, student, tree


@pytest.fixture(scope="module")
def order(repository):
    return bundle.order(load_course(repository / "assignments"), None, date(2027, 1, 1))


@pytest.fixture(scope="module")
def repository(request):
    return request.config.rootpath


@pytest.fixture(scope="module")
def files(order):
    return student.files(order, (), {})


def test_no_line_of_a_solution(files, order):
    assert not leaks.find(files, order.course, ())


def test_the_search_would_find_each_file_of_the_solution(files, order):
    """What is not found in the bundle is found where it is: in every file that has a solution."""
    solution = tree.read(order.course.reference, "assignments", tree.files_in(order.course.reference))
    found = {leak.solution for leak in leaks.find(solution, order.course, ())}
    stubs = {name for name, text in files.items() if name.startswith("tinytorch/") and b"NotImplementedError" in text}
    assert {f"tinytorch/{name}" for name in found} == stubs


def test_no_formula_of_a_known_mistake(files):
    formulas = [name for name in files if name.startswith("assignments/plugin/diagnoses/") and name.endswith(".py")]
    assert {name.rpartition("/")[2] for name in formulas} == {
        "__init__.py",
        "modules.py",
        "properties.py",
        "curve.py",
        "predictions.py",
    }


def test_the_course_loads_and_explains_every_diagnosis(files, tmp_path, order):
    tree.write(files, tmp_path / "mine")
    found = load_course(tmp_path / "mine" / "assignments")
    assert [load_assignment(found, name).points for name in found.assignments] == [a.points for a in order.assignments]
    codes = []
    for course in (found, order.course):
        manager = plugins.make_plugin_manager()
        plugins.load_course_plugin(manager, course)
        codes.append({page.code for page in plugins.diagnoses(manager).pages.values()})
    assert codes[0] == codes[1]


def test_a_file_of_two_assignments_is_released_with_the_later_one(order):
    one, two = (load_assignment(order.course, f"assignment{i}") for i in (1, 2))
    today = date(2027, 1, 1)

    def released(*names):
        chosen = [_with_solution(a, a.id in names, today) for a in order.assignments]
        return set(solutions.files(chosen, None, today))

    assert "ops.py" in set(one.files) & set(two.files)
    assert released("assignment1") == set(one.files) - set(two.files)
    assert "ops.py" in released("assignment1", "assignment2")


def _with_solution(assignment, is_public, today):
    from dataclasses import replace

    from tinygrade.terms import Release

    return replace(assignment, release=Release(today if is_public else None))
