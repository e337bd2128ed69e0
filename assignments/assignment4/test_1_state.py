"""Group 1: a model's parameters by name: copied out, and written back in place, all of them or none."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe

#: A matrix in the middle of the model.
INSIDE = "blocks.1.attn.q.weight"


def equal(found, expected):
    """The first name under which the numbers differ, bit for bit; "" when none does."""
    return next((name for name, array in expected.items() if not np.array_equal(found[name], array)), "")


def state_of(student, state, shapes):
    """What state_dict gave, as a dict of arrays under the right names."""
    found = student.fetch(state)
    if type(found) is not dict:
        raise StudentFailure(f"state_dict gives {describe(found)}, expected a dict")
    if found.keys() != shapes.keys():
        missing, extra = sorted(shapes.keys() - found.keys()), sorted(map(str, found.keys() - shapes.keys()))
        raise StudentFailure(f"names missing: {', '.join(missing[:3]) or 'none'}; too many: {len(extra)}")
    for name, shape in shapes.items():
        if not isinstance(found[name], np.ndarray) or found[name].shape != shape:
            raise StudentFailure(f"state_dict gives {describe(found[name])} as {name}, expected shape {shape}")
    return found


@pytest.mark.points(4)
@pytest.mark.title("state_dict: every parameter, to the last bit")
@pytest.mark.task("A4.1")
@pytest.mark.where("checkpoint.state_dict")
@pytest.mark.hint("Print names, shapes and dtypes of what you give back. Which of them are not the parameters' own?")
def test_state_dict(student, small, mistake):
    model = small.build(student)
    single = small.weights["head.weight"].astype(np.float32)
    model.head.weight.data = student.keep(single)
    found = state_of(student, student.checkpoint.state_dict(model), small.shapes)
    kinds = {name: found[name].dtype for name in small.shapes}
    right = {name: np.dtype(np.float32 if name == "head.weight" else np.float64) for name in small.shapes}
    if changed := [name for name in kinds if kinds[name] != right[name]]:
        name = changed[0]
        message = f"{name} is {right[name]} in the model and {kinds[name]} in the state dict"
        raise mistake("state-precision", message, name=name, yours=str(kinds[name]), expected=str(right[name]))
    if name := equal(found, {**small.weights, "head.weight": single}):
        raise StudentFailure(f"{name} has other numbers in the state dict than in the model")


@pytest.mark.points(3)
@pytest.mark.title("the saved state is a copy")
@pytest.mark.task("A4.1")
@pytest.mark.where("checkpoint.state_dict")
@pytest.mark.needs("test_state_dict")
@pytest.mark.hint("Save a state, train a step, look at the state again. Whose numbers are these?")
def test_copies(student, small, rng, mistake):
    model = small.build(student)
    state = student.checkpoint.state_dict(model)
    saved = state_of(student, state, small.shapes)
    student.write(model, small.random(rng))
    if name := equal(state_of(student, state, small.shapes), saved):
        raise mistake("state-aliased", f"{name} in the saved state changes when the model does", name=name)
    model = small.build(student)
    state = student.checkpoint.state_dict(model)
    for name in small.shapes:
        state[name][0] = 0.0
    if name := equal(small.read(student, model), small.weights):
        raise mistake("state-aliased", f"{name} in the model changes when the saved state does", name=name)


@pytest.mark.points(4)
@pytest.mark.title("loading fills the arrays that are there")
@pytest.mark.task("A4.1")
@pytest.mark.where("checkpoint.load_state_dict")
@pytest.mark.hint("An optimiser was made before you load. Which arrays does it move afterwards, and which are read?")
def test_load(student, small, rng, batch, mistake):
    model, new = small.build(student), small.random(rng)
    optimizer = student.optim.SGD(model.parameters(), lr=0.1)
    # Names say what belongs together, whatever order they come in.
    array, state = model.tok_emb.weight.data, student.keep(dict(reversed(new.items())))
    left = student.fetch(student.checkpoint.load_state_dict(model, state))
    if name := equal(small.read(student, model), new):
        raise StudentFailure(f"after load_state_dict, {name} has not the numbers of the state dict")
    student.train.train_step(model, optimizer, *batch)
    moved = small.read(student, model)
    matrices = [name for name in small.shapes if name.endswith("fc1.weight")]
    if still := [name for name in matrices if np.array_equal(moved[name], new[name])]:
        raise mistake("load-unbinds-optimizer", f"a step after loading does not move {still[0]}", name=still[0])
    if not np.array_equal(student.fetch(array), moved["tok_emb.weight"]):
        raise mistake("load-replaces-arrays", "after loading, tok_emb.weight has a new array", name="tok_emb.weight")
    if name := equal(student.fetch(state), new):
        raise mistake("state-aliased", f"{name} in the loaded state changes when the model trains on", name=name)
    if type(left) is not list or left:
        message = f"load_state_dict gives {describe(left)}, expected [] where all names fit"
        raise mistake("load-tells-other-names", message)


def _without(state):
    return {name: array for name, array in state.items() if name != INSIDE}


#: What does not fit: the error, and the state from the right one.
WRONG = {
    "missing": (KeyError, _without),
    "extra": (KeyError, lambda state: {**state, "head.bias": np.zeros(31)}),
    "transposed": (ValueError, lambda state: {**state, "head.weight": state["head.weight"].T.copy()}),
    "would be repeated": (ValueError, lambda state: {**state, "head.weight": state["head.weight"][:1]}),
}


@pytest.mark.points(3)
@pytest.mark.title("what does not fit is refused, and changes nothing")
@pytest.mark.task("A4.1")
@pytest.mark.where("checkpoint.load_state_dict")
@pytest.mark.needs("test_load")
@pytest.mark.hint("Rename one key, cut one array in two. Does loading complain, and before or after it has written?")
@pytest.mark.parametrize("case", WRONG)
def test_strict(student, small, rng, mistake, case):
    error, spoil = WRONG[case]
    new = small.random(rng)
    whole, model = small.build(student), small.build(student)
    load = student.checkpoint.load_state_dict
    try:
        student.raises(error, lambda: load(model, spoil(new)), valid=lambda: load(whole, new))
    except StudentFailure as failure:
        if failure.diagnosis is None:
            raise
        what = {"missing": "an array is missing", "extra": "an array has no parameter"}.get(case, "a shape differs")
        code = "load-not-strict" if error is KeyError else "load-reshapes"
        raise mistake(code, f"no {error.__name__} was raised when {what}", case=case) from None
    if name := equal(small.read(student, model), small.weights):
        raise mistake("load-halfway", f"the state was refused, and {name} has changed all the same", name=name)


@pytest.mark.points(1)
@pytest.mark.title("strict=False loads what fits, and names the rest")
@pytest.mark.task("A4.1")
@pytest.mark.where("checkpoint.load_state_dict")
@pytest.mark.needs("test_load")
@pytest.mark.hint("Which names have no partner, on either side?")
def test_not_strict(student, small, rng, mistake):
    model, new = small.build(student), small.random(rng)
    try:
        names = student.checkpoint.load_state_dict(model, {**_without(new), "an.extra": np.zeros(3)}, False)
    except StudentFailure as failure:
        if not failure.message.startswith("KeyError"):
            raise
        raise mistake("strict-ignored", f"with strict=False it raises {failure.message}") from None
    left = student.fetch(names)
    is_names = type(left) is list and all(type(name) is str for name in left)
    if not is_names or left != ["an.extra", INSIDE]:
        told = left[:5] if is_names else describe(left)
        message = f"load_state_dict(..., strict=False) gives {told}, expected {['an.extra', INSIDE]}"
        raise mistake("load-tells-other-names", message)
    if name := equal(small.read(student, model), {**new, INSIDE: small.weights[INSIDE]}):
        raise StudentFailure(f"with strict=False, {name} has not the right numbers")
