import numpy as np
import pytest

from tinygrade import UsageError


@pytest.mark.parametrize(
    ("text", "parameters"),
    [("ultra-tiny", 4464), ("small", 11600), ("1x16", 4464), ("1x28", 11844), ("1x32", 15072), ("2x28", 21616)],
)
def test_sizes_weigh_what_the_formula_says(room, reference, text, parameters):
    size = room.models.parse_size(text)
    assert size.parameters == parameters
    model = reference.build(size, np.random.default_rng(0))
    assert {name: p.data.shape for name, p in model.named_parameters()} == size.shapes()
    assert list(size.shapes()) == [name for name, _ in model.named_parameters()]


NONSENSE = ("", "large", "1x", "x16", "1x16x2", "-1x16", "0x16", "9x16", "1x0", "1x1", "1x1000", "1.5x16")


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_sizes(room, text):
    with pytest.raises(UsageError, match="--model"):
        room.models.parse_size(text)


def test_width_must_fit_the_heads(room):
    with pytest.raises(UsageError, match="no multiple of 3 heads"):
        room.models.parse_size("1x16", 3)


def test_a_course_without_its_solution_says_so(room, course_here, tmp_path):
    from dataclasses import replace

    with pytest.raises(UsageError, match="--submission FOLDER"):
        room.models.Reference(replace(course_here, reference=tmp_path))
