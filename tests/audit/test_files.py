"""Malformed files of an audit: one line that names the file and the mistake."""

import pytest

from tinygrade.audit import files
from tinygrade.errors import CourseError

RETURN = "    return 2.0 * x\n"


def test_a_mutant_says_what_it_is(small):
    small.mutant("squares", RETURN, "    return x * x\n", bug="B1", diagnosis=["squared", "power"], costs=5)
    (mutant,) = files.mutants(small.assignment)
    assert (mutant.name, mutant.bug, mutant.check, mutant.costs) == ("squares", "B1", "test_double", 5)
    assert mutant.codes == ("squared", "power")
    texts = files.apply(mutant.edits, files.solution(small.assignment.course), "squares")
    assert "return x * x" in texts["numbers.py"]


@pytest.mark.parametrize(("code", "codes"), [("", ()), ("one", ("one",)), (["a", "b"], ("a", "b"))])
def test_none_one_or_several_codes(small, code, codes):
    small.mutant("m", RETURN, "    return x\n", diagnosis=code)
    assert files.mutants(small.assignment)[0].codes == codes


WRONG = {
    "unknown key": ("what", "wat", "is not a known key; did you mean 'what'"),
    "unknown check": ('"test_double"', '"test_doubel"', "did you mean 'test_double'"),
    "no cost": ("costs = 6", "costs = 0", "above 0"),
    "keeps": ("costs", "keeps", "`keeps` is not a known key"),
    "codes": ('diagnosis = ""', "diagnosis = 3", "a code in quotes"),
    "unknown file": ('file = "numbers.py"', 'file = "letters.py"', "one has: numbers.py"),
    "outside": ('file = "numbers.py"', 'file = "../numbers.py"', "a .py file of the package"),
    "does not apply": ("return 2.0 * x", "return 7.0 * x", "does not stand in numbers.py"),
    "applies twice": ("    return 2.0 * x\n", "    return ", "stands 2 times"),
    "empty": ("    return 2.0 * x\n", "   ", "the text to replace"),
    "no edit": ("[[edit]]", "[edit]", "write [[edit]]"),
    "not TOML": ("[[edit]]", "[[edit", "is not valid TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_malformed_file_is_told_by_name(small, name):
    old, new, message = WRONG[name]
    file = small.mutant("broken", RETURN, "    return x\n")
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(CourseError) as error:
        files.mutants(small.assignment)
    assert str(error.value).startswith(str(file))
    assert message in str(error.value)
    assert "\n" not in str(error.value).strip()


def test_a_variant_has_no_check(small):
    file = small.variant("adds", RETURN, "    return x + x\n")
    assert [variant.name for variant in files.variants(small.assignment)] == ["adds"]
    file.write_text('check = "test_double"\n' + file.read_text())
    with pytest.raises(CourseError, match="check"):
        files.variants(small.assignment)


def test_packages_are_those_that_have_files_of_the_assignment(small):
    small.write("assignments/correct/whole/mini/numbers.py", "")
    small.write("assignments/correct/other/mini/letters.py", "")
    assert [package.name for package in files.packages(small.assignment)] == ["whole"]


def test_a_folder_without_the_package_is_told(small):
    small.write("assignments/correct/whole/minni/numbers.py", "")
    with pytest.raises(CourseError, match="holds no folder mini/"):
        files.packages(small.assignment)
