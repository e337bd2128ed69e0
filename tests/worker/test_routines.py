"""The loops over an autograd package, on a package of twenty lines."""

import numpy as np
import pytest

from tinygrade.worker import routines, wire
from tinygrade.worker.routines import ROUTINES
from tinygrade.worker.surface import Surface, unwrap


def broken_surface():
    def raises():
        raise ImportError("no such module")

    return Surface(raises, [])


# ---- tensors -----------------------------------------------------------------------------------------


def test_the_tensor_class_is_looked_up_late(tensor):
    calls = []
    surface = Surface(lambda: calls.append(1) or tensor, [])
    assert calls == []
    assert surface.is_tensor(tensor(1.0))
    assert calls == [1]


@pytest.mark.parametrize("found", [None, 3, "Tensor", lambda: 0])
def test_a_tensor_class_that_is_no_class_has_no_tensors(found):
    assert Surface(lambda: found, []).is_tensor(3) is False


def test_a_package_without_tensor_module_has_no_tensors():
    assert broken_surface().is_tensor(3) is False
    assert unwrap(broken_surface(), [1, (2,)]) == [1, (2,)]


def test_unwrap_goes_into_lists_tuples_and_dicts(surface, tensor):
    got = unwrap(surface, {"a": [tensor(1.0), (tensor(2.0), 3)], "b": "text"})
    assert got["b"] == "text"
    assert type(got["a"][1]) is tuple
    assert [got["a"][0], got["a"][1][0], got["a"][1][1]] == [1.0, 2.0, 3]
    assert type(got["a"][0]) is np.ndarray


def test_unwrap_leaves_subclasses_and_what_is_too_long_alone(surface, tensor):
    class Mine(list):
        pass

    mine, long = Mine([tensor(1.0)]), [tensor(1.0)] * (wire.MAX_ITEMS + 1)
    assert unwrap(surface, mine) is mine
    assert unwrap(surface, long) is long


# ---- vjp ---------------------------------------------------------------------------------------------


def test_vjp_gives_output_and_gradient_under_the_cotangent(surface):
    x, g = np.array([1.0, 2.0]), np.array([10.0, -1.0])
    got = routines.vjp(surface, lambda x: x * np.array([3.0, 5.0]), [x], g, [0], {})
    assert got["output"].tolist() == [3.0, 10.0]
    assert got["grads"][0].tolist() == [30.0, -5.0]


def test_vjp_without_a_cotangent_lets_backward_choose(surface):
    got = routines.vjp(surface, lambda x: x * 3.0, [np.zeros(2)], None, [0], {})
    assert got["grads"][0].tolist() == [3.0, 3.0]


def test_vjp_makes_tensors_only_where_asked_and_passes_keywords(surface, tensor):
    def f(plain, x, unused, *, scale):
        assert type(plain) is np.ndarray
        assert type(unused) is tensor
        return x * (plain * scale)

    args = [np.full(2, 2.0), np.ones(2), np.ones(1)]
    got = routines.vjp(surface, f, args, np.ones(2), [1, 2], {"scale": 4.0})
    assert got["grads"][0].tolist() == [8.0, 8.0]
    assert got["grads"][1] is None
    assert type(args[1]) is np.ndarray, "the list of the caller was changed"


def test_vjp_hands_over_a_copy_of_the_cotangent(surface, tensor):
    class Spoiler(tensor):
        def backward(self, g=None):
            g[...] = 99

    g = np.ones(2)
    routines.vjp(surface, lambda x: Spoiler(x.data), [np.ones(2)], g, [0], {})
    assert g.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("output", [None, 3.0, np.ones(2), "text"])
def test_vjp_of_a_function_that_gives_no_tensor(surface, output):
    with pytest.raises(TypeError, match=f"returned {type(output).__name__}, expected Tensor"):
        routines.vjp(surface, lambda x: output, [np.ones(2)], np.ones(2), [0], {})


# ---- finding parameters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("head.weight", (2, 3)),
        ("blocks.0.weight", (1,)),
        ("blocks.1.0.weight", (2,)),
        ("blocks.1.1.weight", ()),
        ("table.a.weight", (4,)),
        ("table.7.weight", (5,)),
        ("me.me.head.weight", (2, 3)),
    ],
)
def test_find_walks_attributes_lists_and_dicts(model, path, shape):
    assert routines.find(model, path).data.shape == shape


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("tail.weight", "Model has no 'tail' (looking for the parameter tail.weight)"),
        ("head.bias", "Model.head has no 'bias'"),
        ("blocks.2.weight", "Model.blocks has no '2'"),
        ("blocks.-1.weight", "Model.blocks has no '-1'"),
        ("blocks.1.5.weight", "Model.blocks.1 has no '5'"),
        ("table.b.weight", "Model.table has no 'b'"),
        ("table.8", "Model.table has no '8'"),
        ("head..weight", "Model.head has no ''"),
    ],
)
def test_find_says_how_far_the_path_leads(model, path, message):
    with pytest.raises(AttributeError) as caught:
        routines.find(model, path)
    assert message in str(caught.value)


# ---- weights -----------------------------------------------------------------------------------------


def test_write_is_in_place_and_read_gives_copies(surface, model):
    data = model.head.weight.data
    weights = {"head.weight": np.full((2, 3), 5.0), "blocks.1.0.weight": np.array([1.0, 2.0])}
    routines.write(surface, model, weights)
    assert model.head.weight.data is data
    first, second = routines.read(surface, model)
    assert first.tolist() == np.full((2, 3), 5.0).tolist()
    assert second.tolist() == [1.0, 2.0]
    first[...] = 0
    assert data[0, 0] == 5.0


def test_write_names_both_shapes_instead_of_broadcasting(surface, model):
    with pytest.raises(ValueError) as caught:
        routines.write(surface, model, {"head.weight": np.ones((1, 3))})
    assert str(caught.value) == "the parameter head.weight has shape (2, 3), expected (1, 3)"
    assert not model.head.weight.data.any()


def test_gradients_of_the_surface_and_of_other_names(surface, model):
    model.head.weight.grad = np.ones((2, 3))
    assert list(routines.gradients(surface, model)) == ["head.weight", "blocks.1.0.weight"]
    assert routines.gradients(surface, model)["blocks.1.0.weight"] is None
    assert list(routines.gradients(surface, model, ["table.a.weight"])) == ["table.a.weight"]
    assert routines.gradients(surface, model, []) == {}


# ---- census ------------------------------------------------------------------------------------------


def test_census_finds_each_parameter_once(surface, model):
    found = routines.census(surface, model)
    tied = {path for path in found if path in ("tied", "head.weight")}
    assert len(tied) == 1
    assert {path: shape for path, shape in found.items() if path not in tied} == {
        "blocks.0.weight": (1,),
        "blocks.1.0.weight": (2,),
        "blocks.1.1.weight": (),
        "table.7.weight": (5,),
        "table.a.weight": (4,),
    }


def test_census_does_not_ask_the_package(surface, model):
    class Liar(type(model)):
        def parameters(self):
            raise AssertionError("the census must not rely on parameters()")

        def __getattr__(self, name):
            raise AssertionError(f"asked for {name}")

    assert len(routines.census(surface, Liar())) == 6


def test_census_ends_on_an_endless_structure(surface):
    class Endless:
        @property
        def __dict__(self):
            return {"next": Endless()}

    assert routines.census(surface, Endless()) == {}


# ---- places ------------------------------------------------------------------------------------------


def test_locate_knows_functions_and_classes(surface, tensor):
    file, line, name = routines.locate(surface, broken_surface)
    assert (file, name) == (__file__, "broken_surface")
    assert line == broken_surface.__code__.co_firstlineno
    assert routines.locate(surface, tensor)[1:] == (tensor.__init__.__code__.co_firstlineno, "Tensor")


@pytest.mark.parametrize("value", [3, None, np.tanh, type("Empty", (), {}), type("Odd", (), {"__code__": 3})()])
def test_locate_knows_no_place_for_other_things(surface, value):
    assert routines.locate(surface, value)[:2] == ("", 0)


def test_what_may_be_asked_for_by_name():
    assert set(ROUTINES) == {"unwrap", "vjp", "vjps", "write", "read", "gradients", "census", "locate", "files", "put"}
