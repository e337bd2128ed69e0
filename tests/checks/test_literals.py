"""Values written as source give the same values again."""

import numpy as np
import pytest

from tinygrade.checks.literals import INLINE, Literals, Names, quoted
from tinygrade.worker.wire import HandleRef

BASE = np.arange(24.0).reshape(4, 6)
VALUES = [
    None,
    True,
    7,
    0.1 + 0.2,
    -0.0,
    float("nan"),
    float("-inf"),
    'text with "quotes" and \\ and \n',
    (1,),
    (),
    [1, [2.5, None]],
    {"a": 1, 2: [np.array([1.5])]},
    np.float64(1 / 3),
    np.float32(0.1),
    np.int64(-3),
    np.bool_(True),
    np.array(2.5),
    np.array(True),
    np.array([True, False]),
    np.array([[1, 2], [3, 4]]),
    np.array([1, 2], dtype=np.uint8),
    np.array([0.1, np.nan, np.inf, -np.inf, -0.0, 5e-324]),
    np.array([0.1, 1 / 3], dtype=np.float32),
    np.zeros((0, 3)),
    np.zeros((2, 0), dtype=np.bool_),
    BASE[::2, ::3],
    BASE.T,
    np.random.default_rng(0).standard_normal((3, 4)),
    np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32),
    np.random.default_rng(0).standard_normal(INLINE + 1),
]


def again(value, limit=INLINE):
    """The value that the written source gives."""
    literals = Literals(Names(), lambda ref: f"object_{ref.id}", [value], limit)
    source = literals.source(value)
    scope = {"np": np, "arrays": literals.stored}
    exec("\n".join([*literals.before, f"result = {source}"]), scope)
    return scope["result"], literals


def assert_same(got, expected):
    assert type(got) is type(expected)
    if isinstance(expected, list | tuple):
        assert len(got) == len(expected)
        for mine, theirs in zip(got, expected, strict=True):
            assert_same(mine, theirs)
    elif isinstance(expected, dict):
        assert list(got) == list(expected)
        assert_same(list(got.values()), list(expected.values()))
    elif isinstance(expected, np.ndarray | np.generic):
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
        assert got.tobytes() == expected.tobytes()
    else:
        assert repr(got) == repr(expected)


@pytest.mark.parametrize("limit", [0, INLINE, float("inf")])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: str(value)[:20])
def test_the_source_gives_the_value_again_bit_by_bit(value, limit):
    got, _ = again(value, limit)
    assert_same(got, value)


def test_only_large_arrays_are_stored():
    small, large = np.arange(float(INLINE)), np.arange(float(INLINE + 1))
    _, literals = again([small, large])
    assert list(literals.stored.values()) == [pytest.approx(large)]


def test_many_arrays_of_one_dict_are_stored_under_their_keys():
    weights = {f"layer.{i}.weight": np.full(16, float(i)) for i in range(8)}
    got, literals = again(weights)
    assert_same(got, weights)
    assert list(literals.stored) == list(weights)


def test_two_arrays_of_one_name_are_both_kept():
    first, second = ({"weight": np.full(100, value)} for value in (1.0, 2.0))
    got, _ = again([first, second, first])
    assert_same(got, [first, second, first])


def test_an_array_that_is_used_twice_is_not_the_same_object():
    """Each request got its own copy: what one changes in place must not reach the other."""
    value = np.random.default_rng(0).standard_normal(6)
    got, literals = again([value, value])
    got[0][0] = 99.0
    assert_same(got[1], value)
    assert len(literals.before) == 1


def test_objects_are_written_by_their_names():
    literals = Literals(Names(), lambda ref: f"object_{ref.id}")
    assert literals.source([HandleRef(3, "Tensor"), 1]) == "[object_3, 1]"


def test_names_are_given_once_and_are_no_keywords():
    names = Names(["np"])
    assert [names.new(wish) for wish in ("x", "x", "np", "lambda", "AdamW", "GPT", "a b")] == [
        "x",
        "x_2",
        "np_2",
        "lambda_2",
        "adam_w",
        "gpt",
        "value",
    ]


@pytest.mark.parametrize("text", ["plain", 'with "', "back\\slash", "line\nend", "\x1b[31m", "\u202e"])
def test_quoted_text_is_inert(text):
    assert eval(quoted(text)) == text
    assert quoted(text).isprintable()
